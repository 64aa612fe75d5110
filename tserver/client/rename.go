package client

import "hotpair/internal/canon"

// Rename renames the numbers of the client's state; see canon.Renaming.
func (c *Client) Rename(f canon.Renaming) {
	c.epoch = f(canon.Epoch, c.epoch)
	c.seq = f(canon.Told, c.seq)
	c.sub = uint32(f(canon.Place, uint64(c.sub)))
}
