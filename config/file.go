package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const maxFile = 1 << 20 // bytes; a configuration has some thousand, so more is another file given by mistake

// readFile reads the settings of a YAML file, and who may read it.
func readFile(name string) ([]setting, fs.FileMode, Mistakes, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, nil, fmt.Errorf("read configuration: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, 0, nil, fmt.Errorf("read configuration: %w", err)
	}
	mode := info.Mode().Perm()
	if runtime.GOOS == "windows" {
		mode = 0 // there the bits say nothing about who may read
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, 0, nil, fmt.Errorf("read configuration %s: %w", name, err)
	}
	if len(text) > maxFile {
		return nil, 0, nil, fmt.Errorf("read configuration %s: more than %d bytes, so it is hardly a configuration", name, maxFile)
	}
	settings, wrong := readText(name, text)
	return settings, mode, wrong, nil
}

// readText finds the settings in YAML. Sections may be written as nested maps or with dots, as http.listen.
func readText(name string, text []byte) ([]setting, Mistakes) {
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey()) // Load names both lines of a duplicate
	if err != nil {
		return nil, Mistakes{unreadable(name, err)}
	}
	r := reader{file: name}
	var documents []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			documents = append(documents, d.Body)
		}
	}
	if len(documents) == 0 {
		return nil, nil // an empty file sets nothing
	}
	r.section("", documents[0])
	if len(documents) > 1 {
		r.mistake("", line(documents[1]), "a second document begins here; one file holds one configuration")
	}
	return r.settings, r.wrong
}

type reader struct {
	file     string
	settings []setting
	wrong    Mistakes
}

func (r *reader) mistake(key string, line int, text string) {
	r.wrong = append(r.wrong, Mistake{File: r.file, Line: line, Key: key, Text: text})
}

// section reads the keys of a map; name is what stands above them.
func (r *reader) section(name string, n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			r.pair(name, pair)
		}
	case *ast.MappingValueNode: // a map of one key
		r.pair(name, n)
	case *ast.NullNode:
	default:
		r.mistake(name, line(n), "here must stand a key, a colon and a value")
	}
}

func (r *reader) pair(name string, pair *ast.MappingValueNode) {
	key, ok := scalar(pair.Key)
	if !ok || key == "" {
		r.mistake(name, line(pair), "a key must be a single word")
		return
	}
	if name != "" {
		key = name + "." + key
	}
	s := setting{name: key, line: line(pair.Key)}
	switch v := pair.Value.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		r.section(key, v)
		return
	case *ast.NullNode:
		s.empty = true
	case *ast.SequenceNode:
		s.list = true
		for _, item := range v.Values {
			text, ok := scalar(item)
			if !ok {
				r.mistake(key, line(item), "each item of the list must be a single value")
				return
			}
			s.texts = append(s.texts, text)
		}
	default:
		text, ok := scalar(v)
		if !ok {
			r.mistake(key, s.line, "is not a plain value; put it in quotes if it begins with &, * or !")
			return
		}
		s.texts = []string{text}
	}
	r.settings = append(r.settings, s)
}

// scalar returns the text of a single value as it was written: 010 stays 010, and yes is not turned into true.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// line is where a node begins, or 0 where the parser does not say.
func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// unreadable explains a file that is no YAML. The library's own text would show the lines around, secrets too, so only
// its first words are taken, up to what it quotes.
func unreadable(file string, err error) Mistake {
	m := Mistake{File: file, Text: "this is not YAML"}
	var located yaml.Error
	if errors.As(err, &located) {
		if t := located.GetToken(); t != nil && t.Position != nil {
			m.Line = t.Position.Line
		}
		why := located.GetMessage()
		if at := strings.IndexAny(why, "\"'`\n"); at >= 0 {
			why = why[:at] + "…"
		}
		m.Text += " (" + why + ")"
	}
	m.Text += "; look for a missing colon, quote or indentation here or in the line above"
	return m
}
