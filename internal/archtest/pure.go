package archtest

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// forbiddenImports bring what a node must not have; so do the packages below them (os/exec, net/http, log/slog).
var forbiddenImports = []string{
	"context", "crypto/rand", "io", "log", "math/rand", "net", "os", "runtime", "sync", "syscall", "testing",
	"hotpair/internal/simworld", "hotpair/internal/natsworld", "hotpair/internal/procworld", "hotpair/scenarios",
}

// forbiddenCalls are functions of packages that are allowed otherwise.
var forbiddenCalls = map[string][]string{
	"fmt":          {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
	"maps":         {"All", "Keys", "Values"}, // their order is another one each time; see sorts
	"time":         {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	"math/rand/v2": {"Int", "IntN", "Int64", "Int64N", "Uint32", "Uint64", "Float64", "ExpFloat64", "NormFloat64", "Perm", "Shuffle"},
}

// Checker looks at packages. It type-checks what they import once.
type Checker struct {
	fset     *token.FileSet
	importer types.Importer
}

// NewChecker makes a checker.
func NewChecker() *Checker {
	fset := token.NewFileSet()
	return &Checker{fset, importer.ForCompiler(fset, "source", nil)}
}

// Impurities lists, with their places, what makes the package in a folder no pure node. Tests are not looked at.
func (c *Checker) Impurities(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(c.fset, p, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("archtest: there are no Go files in %s", dir)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: c.importer}
	if _, err := conf.Check(dir, c.fset, files, info); err != nil {
		return nil, fmt.Errorf("archtest: %w", err)
	}
	l := &looker{fset: c.fset, info: info, sorted: map[*ast.Ident]bool{}}
	for _, f := range files {
		l.file(f)
	}
	return l.found, nil
}

// looker walks files and notes what it finds.
type looker struct {
	fset   *token.FileSet
	info   *types.Info
	sorted map[*ast.Ident]bool // functions of package maps whose result is sorted at once
	found  []string
}

func (l *looker) note(n ast.Node, what string) {
	l.found = append(l.found, fmt.Sprintf("%s: %s", l.fset.Position(n.Pos()), what))
}

func (l *looker) file(f *ast.File) {
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err == nil && isForbidden(path) {
			l.note(i, "imports "+path)
		}
	}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			l.variables(g)
		}
	}
	ast.Inspect(f, l.look)
}

// isForbidden: the package, or one above it, is on the list. math/rand/v2 is not math/rand: a node may draw from a generator that it is given.
func isForbidden(path string) bool {
	return path != "math/rand/v2" && slices.ContainsFunc(forbiddenImports, func(f string) bool { return path == f || strings.HasPrefix(path, f+"/") })
}

// variables: a package variable that can change is a way for steps to hear of each other. Tables that are only read, and interface checks, are not.
func (l *looker) variables(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || (len(v.Names) == 1 && v.Names[0].Name == "_") {
			continue
		}
		if len(v.Values) == 0 {
			l.note(v, "package variable without a value: it is there to be changed")
		}
	}
}

func (l *looker) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		l.note(n, "goroutine")
	case *ast.SelectStmt:
		l.note(n, "select")
	case *ast.ChanType:
		l.note(n, "channel")
	case *ast.SendStmt:
		l.note(n, "send on a channel")
	case *ast.RangeStmt:
		if isMap(l.info.TypeOf(n.X)) {
			l.note(n, "loop over a map: its order is another one each time")
		}
	case *ast.AssignStmt:
		for _, e := range n.Lhs {
			l.assigned(e)
		}
	case *ast.IncDecStmt:
		l.assigned(n.X)
	case *ast.CallExpr:
		l.builtin(n)
		l.sorts(n)
	case *ast.SelectorExpr:
		if obj := l.info.Uses[n.Sel]; obj != nil && obj.Pkg() != nil && (!l.sorted[n.Sel] || obj.Pkg().Path() != "maps") {
			if f, ok := obj.(*types.Func); ok && f.Signature().Recv() == nil && slices.Contains(forbiddenCalls[obj.Pkg().Path()], obj.Name()) {
				l.note(n, "uses "+obj.Pkg().Name()+"."+obj.Name())
			}
		}
	}
	return true
}

// isMap: the type is a map, or a type parameter that may stand for one.
func isMap(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		constraint, ok := t.Constraint().Underlying().(*types.Interface)
		for i := 0; ok && i < constraint.NumEmbeddeds(); i++ {
			if isMap(constraint.EmbeddedType(i)) {
				return true
			}
		}
		return false
	case *types.Union:
		for i := range t.Len() {
			if isMap(t.Term(i).Type()) {
				return true
			}
		}
		return false
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// builtin: some of Go's own functions change what they are given, or write to standard error.
func (l *looker) builtin(call *ast.CallExpr) {
	name, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok {
		return
	}
	if _, ok := l.info.Uses[name].(*types.Builtin); !ok {
		return
	}
	switch name.Name {
	case "clear", "copy", "delete":
		l.assigned(call.Args[0])
	case "print", "println":
		l.note(call, "writes to standard error")
	}
}

// sorts: slices.Sorted(maps.Keys(m)) has one order only.
func (l *looker) sorts(call *ast.CallExpr) {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) != 1 {
		return
	}
	if obj := l.info.Uses[f.Sel]; obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != "slices" || obj.Name() != "Sorted" {
		return
	}
	if of, ok := call.Args[0].(*ast.CallExpr); ok {
		if inner, ok := of.Fun.(*ast.SelectorExpr); ok {
			l.sorted[inner.Sel] = true
		}
	}
}

// assigned: nothing is assigned to a package variable, nor to a part of it.
func (l *looker) assigned(e ast.Expr) {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
			continue
		case *ast.SelectorExpr:
			e = x.X
			continue
		case *ast.StarExpr:
			e = x.X
			continue
		case *ast.ParenExpr:
			e = x.X
			continue
		case *ast.Ident:
			if v, ok := l.info.Uses[x].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				l.note(x, "changes the package variable "+x.Name)
			}
		}
		return
	}
}
