package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"hotpair/internal/config"
	"hotpair/internal/wire"
)

// split splits a line into words. Quotes, as in 'a b', keep spaces.
func split(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quoted := false, false
	for _, r := range s {
		switch {
		case r == '\'':
			quoted, inWord = !quoted, true
		case !quoted && (r == ' ' || r == '\t' || r == '\r'):
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quoted {
		return nil, errors.New("a quote ' is not closed")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// readCondition reads [world:NAME 'reason'] or [!world:NAME 'reason'] at the beginning of a line.
func readCondition(words []string) (condition, []string, error) {
	if len(words) == 0 || !strings.HasPrefix(words[0], "[") {
		return condition{}, words, nil
	}
	c := condition{}
	name := strings.TrimPrefix(words[0], "[")
	rest := words[1:]
	if strings.HasSuffix(name, "]") || len(rest) == 0 || !strings.HasSuffix(rest[0], "]") {
		return c, nil, errors.New("a condition gives its reason: [world:sim 'why only there']")
	}
	c.reason = strings.TrimSuffix(rest[0], "]")
	if strings.HasPrefix(name, "!") {
		c.not, name = true, name[1:]
	}
	world, ok := strings.CutPrefix(name, "world:")
	if !ok || !slices.Contains(WorldNames(), world) || c.reason == "" {
		return c, nil, fmt.Errorf("unknown condition %q: there are world:%s, each with a reason", name, strings.Join(WorldNames(), ", world:"))
	}
	c.world = world
	return c, rest[1:], nil
}

func (c condition) holds(world string) bool { return c.world == "" || (c.world == world) != c.not }

// nearest suggests a word that was probably meant.
func nearest(word string, known []string) string {
	best, distance := "", 1+len(word)/2
	for _, k := range known {
		if d := editDistance(word, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		sorted := append([]string(nil), known...)
		sort.Strings(sorted)
		return "; known are " + strings.Join(sorted, ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func editDistance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 80
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// args are the arguments of a command: words, and key=value pairs.
type args struct {
	words  []string
	keys   map[string]string
	config *config.Config
	verb   *verb
	fails  bool  // "!" stands before the verb
	err    error // a key that is given twice
}

func newArgs(words []string, c *config.Config, v *verb) *args {
	a := &args{keys: map[string]string{}, config: c, verb: v}
	for _, w := range words {
		if key, value, ok := strings.Cut(w, "="); ok && slices.Contains(v.keys, key) {
			if _, twice := a.keys[key]; twice {
				a.err = fmt.Errorf("%s is given twice", key)
			}
			a.keys[key] = value
		} else {
			a.words = append(a.words, w)
		}
	}
	return a
}

// finish reports words that nobody read.
func (a *args) finish() error {
	if len(a.words) == 0 {
		return a.err
	}
	if key, _, ok := strings.Cut(a.words[0], "="); ok {
		return fmt.Errorf("unknown key %q%s", key, nearest(key, a.verb.keys))
	}
	return fmt.Errorf("unexpected %q", a.words[0])
}

// word takes the next word.
func (a *args) word(what string) (string, error) {
	if len(a.words) == 0 {
		return "", fmt.Errorf("%s is wanted", what)
	}
	w := a.words[0]
	a.words = a.words[1:]
	return w, nil
}

// duration reads a time that is above 0; ok is false if the key is not given.
func (a *args) duration(key string) (d time.Duration, ok bool, err error) {
	v, ok := a.keys[key]
	if !ok {
		return 0, false, nil
	}
	d, err = parseDuration(v)
	if err != nil {
		err = fmt.Errorf("%s: %w", key, err)
	}
	return d, true, err
}

// maxDuration bounds every time in a scenario.
const maxDuration = 30 * 24 * time.Hour

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > maxDuration {
		return 0, fmt.Errorf("a time above 0 and up to %s is wanted, such as 500ms or 2s, not %q", maxDuration, s)
	}
	return d, nil
}

// node reads the next word as a node of this configuration.
func (a *args) node() (wire.ID, error) {
	w, err := a.word("a node")
	if err != nil {
		return wire.None, err
	}
	return a.parseNode(w)
}

func (a *args) parseNode(w string) (wire.ID, error) {
	id, err := wire.ParseID(w)
	if err != nil {
		return id, err
	}
	if id.IsClient() && int(id-wire.Client(1)) >= a.config.Clients {
		return id, fmt.Errorf("there is no %s: clients is %d in the configuration", id, a.config.Clients)
	}
	if id == wire.MLayer && !a.config.HasM() {
		return id, errors.New("there is no M: arbitration is peer")
	}
	if id == wire.World {
		return id, errors.New("the world is no node")
	}
	return id, nil
}

// nodes reads all words as nodes, at least one.
func (a *args) nodes() ([]wire.ID, error) {
	var ids []wire.ID
	for len(ids) == 0 || len(a.words) > 0 {
		some, err := a.nodeOrSite()
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			if slices.Contains(ids, id) {
				return nil, fmt.Errorf("%s is named twice", id)
			}
		}
		ids = append(ids, some...)
	}
	return ids, nil
}

// nodeOrSite reads the next word as a node, or as a site: its clients.
func (a *args) nodeOrSite() ([]wire.ID, error) {
	w, err := a.word("a node")
	if err != nil {
		return nil, err
	}
	return a.parseNodes(w)
}

func (a *args) parseNodes(w string) ([]wire.ID, error) {
	if site, ok := a.config.Sites[w]; ok {
		return site.Clients(), nil
	}
	id, err := a.parseNode(w)
	if err != nil && len(a.config.Sites) > 0 {
		err = fmt.Errorf("%w; sites are %s", err, strings.Join(slices.Sorted(maps.Keys(a.config.Sites)), ", "))
	}
	return []wire.ID{id}, err
}

// direction is one way of a link.
type direction struct{ from, to wire.ID }

// directions reads A->B, or A-B for both ways.
func (a *args) directions() ([]direction, error) {
	w, err := a.word("a link, as A->B or A-B, or all")
	if err != nil {
		return nil, err
	}
	if w == "all" {
		return a.everyLink(), nil
	}
	return a.parseDirections(w)
}

// everyLink returns both directions of every link.
func (a *args) everyLink() (ways []direction) {
	for from := range wire.Client(1) + wire.ID(a.config.Clients) {
		for to := range wire.Client(1) + wire.ID(a.config.Clients) {
			if wire.LinkOf(from, to) != wire.NoLink && (a.config.HasM() || from != wire.MLayer && to != wire.MLayer) {
				ways = append(ways, direction{from, to})
			}
		}
	}
	return ways
}

func (a *args) parseDirections(w string) ([]direction, error) {
	left, right, oneWay := strings.Cut(w, "->")
	if !oneWay {
		var ok bool
		if left, right, ok = strings.Cut(w, "-"); !ok {
			return nil, fmt.Errorf("a link is A->B (one way) or A-B (both ways), not %q", w)
		}
	}
	froms, err := a.parseNodes(left)
	if err != nil {
		return nil, err
	}
	tos, err := a.parseNodes(right)
	if err != nil {
		return nil, err
	}
	var ways []direction
	for _, from := range froms {
		for _, to := range tos {
			if wire.LinkOf(from, to) == wire.NoLink {
				return nil, fmt.Errorf("%s and %s have no link", from, to)
			}
			ways = append(ways, direction{from, to})
			if !oneWay {
				ways = append(ways, direction{to, from})
			}
		}
	}
	return ways, nil
}
