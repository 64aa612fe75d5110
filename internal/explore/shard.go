package explore

import "math/bits"

const (
	shardBits = 8
	shards    = 1 << shardBits
	// localBits number the states of a shard; with the shard's number they make the state's.
	localBits = 32 - shardBits
	maxLocal  = 1<<localBits - 2

	chunkBits = 10
	chunkSize = 1 << chunkBits // states in a chunk of a shard
)

// hash mixes the words of a state. Its upper bits choose the shard, its lower half the place in it.
func hash(words []uint32) uint64 {
	const k = 0x9e3779b97f4a7c15
	h := uint64(len(words))
	i := 0
	for ; i+1 < len(words); i += 2 {
		hi, lo := bits.Mul64(h^(uint64(words[i])|uint64(words[i+1])<<32), k)
		h = hi ^ lo ^ uint64(i)
	}
	if i < len(words) {
		hi, lo := bits.Mul64(h^uint64(words[i]), k)
		h = hi ^ lo
	}
	hi, lo := bits.Mul64(h^k, 0xd6e8feb86659fd93)
	return hi ^ lo
}

// shard is a part of the states that were seen: an open hash table of numbers into chunks, which are never moved. A record is the words of a
// state and the number of the state from which it was reached first.
type shard struct {
	slots  []uint32 // 0: free; otherwise 8 bits of the hash, and the local number + 1
	n      uint32
	width  int
	chunks [][]uint32
	level  uint32 // the first state of the level that is expanded
	end    uint32 // the end of that level

	counting bool
	degree   [][]uint8         // steps that lead to a state, of those that count
	more     map[uint32]uint32 // of which so many are beyond what degree can hold
}

func (s *shard) init(width int, counting bool) {
	s.width, s.counting = width, counting
	s.slots = make([]uint32, 256)
	s.more = map[uint32]uint32{}
}

func (s *shard) words(local uint32) []uint32 {
	at := int(local&(chunkSize-1)) * (s.width + 1)
	return s.chunks[local>>chunkBits][at : at+s.width : at+s.width]
}

func (s *shard) parent(local uint32) uint32 {
	return s.chunks[local>>chunkBits][int(local&(chunkSize-1))*(s.width+1)+s.width]
}

// find returns the local number of a state, and otherwise the slot where it belongs.
func (s *shard) find(words []uint32, low uint32) (local uint32, found bool, slot uint32) {
	mask := uint32(len(s.slots) - 1)
	tag := low >> localBits
	for slot = low & mask; ; slot = (slot + 1) & mask {
		v := s.slots[slot]
		if v == 0 {
			return 0, false, slot
		}
		if v>>localBits == tag {
			local = v&(1<<localBits-1) - 1
			if equal(s.words(local), words) {
				return local, true, slot
			}
		}
	}
}

func equal(a, b []uint32) bool {
	b = b[:len(a)]
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// insert keeps a state if it is new.
func (s *shard) insert(words []uint32, low, parent uint32) (local uint32, isNew bool) {
	local, found, slot := s.find(words, low)
	if found {
		return local, false
	}
	local = s.n
	if local == maxLocal {
		panic("explore: more states than can be numbered")
	}
	s.n++
	at := int(local & (chunkSize - 1))
	if at == 0 {
		s.chunks = append(s.chunks, make([]uint32, chunkSize*(s.width+1)))
		if s.counting {
			s.degree = append(s.degree, make([]uint8, chunkSize))
		}
	}
	record := s.chunks[local>>chunkBits][at*(s.width+1):]
	copy(record, words)
	record[s.width] = parent
	s.slots[slot] = low>>localBits<<localBits | local + 1
	if uint32(len(s.slots))*3/4 < s.n {
		s.grow()
	}
	return local, true
}

func (s *shard) grow() {
	s.slots = make([]uint32, 2*len(s.slots))
	mask := uint32(len(s.slots) - 1)
	for local := range s.n {
		low := uint32(hash(s.words(local)))
		slot := low & mask
		for s.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		s.slots[slot] = low>>localBits<<localBits | local + 1
	}
}

// raise counts one more step to a state, lower one less; lower reports whether none is left.
func (s *shard) raise(local uint32) {
	d := &s.degree[local>>chunkBits][local&(chunkSize-1)]
	if *d == 255 {
		s.more[local]++
		return
	}
	*d++
}

func (s *shard) lower(local uint32) (none bool) {
	if s.more[local] > 0 {
		s.more[local]--
		return false
	}
	d := &s.degree[local>>chunkBits][local&(chunkSize-1)]
	*d--
	return *d == 0
}

func (s *shard) left(local uint32) bool { return s.degree[local>>chunkBits][local&(chunkSize-1)] > 0 }
