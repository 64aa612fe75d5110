package relay

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"hotpair/internal/wire"
)

const (
	// maxLine bounds a control line, in bytes; CONNECT is the longest.
	maxLine = 32 << 10
	// maxPayload bounds a payload, in bytes: the greatest that a NATS server can be set to.
	maxPayload = 64 << 20
)

// errNonsense means that a client sends what is no frame of NATS.
var errNonsense = errors.New("this is no NATS frame")

// direction is one way of a link.
type direction struct{ from, to wire.ID }

// readFrame reads the next frame that a client sends into buf. dir is the direction that it belongs to, zero if to none.
func readFrame(r *bufio.Reader, buf []byte) (frame []byte, dir direction, err error) {
	frame, err = readLine(r, buf[:0])
	if err != nil {
		return frame, dir, err
	}
	words := bytes.Fields(frame)
	if len(words) == 0 {
		return frame, dir, nil
	}
	verb := string(bytes.ToUpper(words[0]))
	if verb != "PUB" && verb != "HPUB" {
		return frame, dir, nil
	}
	least := 3 // PUB subject [reply] size
	if verb == "HPUB" {
		least = 4 // HPUB subject [reply] header-size size
	}
	if len(words) < least || len(words) > least+1 {
		return frame, dir, fmt.Errorf("%w: malformed %s: %.100q", errNonsense, verb, frame)
	}
	size, err := strconv.Atoi(string(words[len(words)-1]))
	if err != nil || size < 0 || size > maxPayload {
		return frame, dir, fmt.Errorf("%w: the size of a payload is from 0 to %d, not %.100q", errNonsense, maxPayload, words[len(words)-1])
	}
	dir = directionOf(string(words[1]))
	return appendPayload(r, frame, size+2, dir)
}

// appendPayload reads the payload in pieces, so that a size alone takes no memory.
func appendPayload(r *bufio.Reader, frame []byte, size int, dir direction) ([]byte, direction, error) {
	for size > 0 {
		n := min(size, 64<<10)
		at := len(frame)
		frame = append(frame, make([]byte, n)...)
		if _, err := io.ReadFull(r, frame[at:]); err != nil {
			return frame, dir, fmt.Errorf("in a payload: %w", err)
		}
		size -= n
	}
	if !bytes.HasSuffix(frame, []byte("\r\n")) {
		return frame, dir, fmt.Errorf("%w: a payload does not end with CR LF", errNonsense)
	}
	return frame, dir, nil
}

func readLine(r *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		piece, err := r.ReadSlice('\n')
		buf = append(buf, piece...)
		switch {
		case len(buf) > maxLine:
			return buf, fmt.Errorf("%w: a control line has more than %d bytes", errNonsense, maxLine)
		case err == nil:
			return buf, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return buf, err
		}
	}
}

// directionOf reads hotpair.<pair>.<link>.<from>.<to>.
func directionOf(subject string) (d direction) {
	parts := strings.Split(subject, ".")
	if len(parts) != 5 || parts[0] != "hotpair" {
		return d
	}
	from, err := wire.ParseID(parts[3])
	to, err2 := wire.ParseID(parts[4])
	if err != nil || err2 != nil {
		return d
	}
	return direction{from, to}
}
