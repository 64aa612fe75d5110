// Package procworld is the world of operating-system processes: each node is the same binary, executed again, and so is the NATS server. It
// kills with SIGKILL, pauses with SIGSTOP, and impairs links in a relay that stands in front of NATS.
//
// # Vocabulary
//
//   - runner: the process that holds the world; it has the relay and the judge.
//   - child: the process of a node or of NATS.
//   - line: the descriptor that a child inherits, a socket of JSON lines: commands come down, trace records go up. Never over NATS: a cut NATS
//     must not cut the judge.
//   - hook: the call of [Main] with which a program lets itself be a child. A program without it would run itself again instead of a node.
//   - by hand: a node that somebody started with hotpair node, at a NATS server of their own. It has no runner.
//
// A runner that dies leaves nothing behind: a child ends when its line does, and on Linux the kernel kills it, a stopped one included.
//
// It must not know what nodes mean by their messages, nor read what they publish.
package procworld
