package access

import (
	"fmt"
	"strings"
)

// ServerOptions say what stands in a server's configuration beside the users.
type ServerOptions struct {
	// Listen is host:port; "" leaves it out, as StoreDir.
	Listen, StoreDir string
	// TLSCert and TLSKey are files; with them, the server speaks TLS only. TLSCA, if it is not "", holds who signs the clients' certificates,
	// which they then need.
	TLSCert, TLSKey, TLSCA string
}

// ServerConfig writes the configuration of a NATS server: accounts, users with what they may do, limits. It holds public keys, and no secret.
func ServerConfig(o Options, keys Keys, so ServerOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The NATS server of the hotpair pair %q: a user for each role, with what it needs and no more (docs/security.md). Keys are public ones; the\n", o.Pair)
	b.WriteString("# secrets are in files of their own. Written by hotpair nats-config.\n\n")
	if so.Listen != "" {
		fmt.Fprintf(&b, "listen: %q\n", so.Listen)
	}
	if so.StoreDir != "" {
		fmt.Fprintf(&b, "jetstream { store_dir: %q }\n", so.StoreDir)
	}
	if so.TLSCert != "" {
		fmt.Fprintf(&b, "tls {\n  cert_file: %q\n  key_file: %q\n", so.TLSCert, so.TLSKey)
		if so.TLSCA != "" {
			fmt.Fprintf(&b, "  ca_file: %q\n  verify: true\n", so.TLSCA)
		}
		b.WriteString("}\n")
	}
	b.WriteString("\naccounts {\n  HOTPAIR {\n    jetstream: enabled\n")
	b.WriteString("    imports: [ { stream: { account: SYS, subject: \"$SYS.ACCOUNT.HOTPAIR.DISCONNECT\" } } ]\n    users: [\n")
	var system *Role
	roles := Roles(o)
	for i := range roles {
		if r := &roles[i]; r.Name == System {
			system = r
		} else {
			writeUser(&b, r, keys)
		}
	}
	b.WriteString("    ]\n  }\n  SYS {\n    exports: [ { stream: \"$SYS.ACCOUNT.HOTPAIR.DISCONNECT\" } ]\n    users: [\n")
	writeUser(&b, system, keys)
	b.WriteString("    ]\n  }\n}\nsystem_account: SYS\n")
	b.WriteString(limits)
	return b.String()
}

const limits = `
# A client that does not read must not be carried along for long: after this time, or with so much of it waiting, it is cut off, and all hear of it.
write_deadline: "2s"
max_pending: 64MB
# What nodes read at most is 512 KiB. Who sends more than this is cut off.
max_payload: 1MB
`

func writeUser(b *strings.Builder, r *Role, keys Keys) {
	fmt.Fprintf(b, "      { nkey: %s, permissions: { # %s\n", keys[r.Name].Public, r.Name)
	writeRights(b, "publish", r.Publish)
	writeRights(b, "subscribe", r.Subscribe)
	b.WriteString("      } }\n")
}

func writeRights(b *strings.Builder, direction string, rights []Right) {
	if len(rights) == 0 {
		fmt.Fprintf(b, "        %s: { deny: [ \">\" ] }\n", direction)
		return
	}
	fmt.Fprintf(b, "        %s: { allow: [\n", direction)
	for _, right := range rights {
		fmt.Fprintf(b, "          %q # %s\n", right.Subject, right.Why)
	}
	b.WriteString("        ] }\n")
}
