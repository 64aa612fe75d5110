package wire

import "slices"

// Shape says which fields messages of a kind have, by their names in the JSON: those that they need, and those that they may have beside them.
func (k Kind) Shape() (need, may []string) {
	if k == 0 || k >= kindEnd {
		return nil, nil
	}
	for i, name := range fieldNames {
		switch {
		case shapes[k].need&(1<<i) != 0:
			need = append(need, name)
		case shapes[k].may&(1<<i) != 0:
			may = append(may, name)
		}
	}
	return need, may
}

// FieldNames returns the names of all fields of a message but kind, as they stand in the JSON.
func FieldNames() []string { return slices.Clone(fieldNames[:]) }

// KindsBetween returns the kinds that one node sends another.
func KindsBetween(from, to ID) []Kind {
	var list []Kind
	for k := Kind(1); k < kindEnd; k++ {
		if shapes[k].fits(from, to) {
			list = append(list, k)
		}
	}
	return list
}
