package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var files embed.FS

// assets are the files that pages refer to, by the name under which they are served. It holds their hash, so that a
// browser keeps them for ever and a new version is another file.
type assets struct {
	byName map[string]asset
	urls   map[string]string // by the plain name
}

type asset struct {
	data []byte
	kind string // content type
}

func readAssets() (assets, error) {
	s := assets{byName: map[string]asset{}, urls: map[string]string{}}
	for _, name := range []string{"page.css", "page.js", "leaf.svg"} {
		data, err := files.ReadFile("assets/" + name)
		if err != nil {
			return assets{}, fmt.Errorf("read asset %s: %w", name, err)
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:8]) + ext
		s.byName[hashed] = asset{data, mime.TypeByExtension(ext)}
		s.urls[name] = "/assets/" + hashed
	}
	return s, nil
}

func (s assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := s.byName[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(f.data)
}

// pages are the templates, by kind of page.
type pages map[string]*template.Template

func readPages(a *Adapter) (pages, error) {
	base, err := template.New("").Funcs(template.FuncMap{
		"asset": func(name string) string { return a.assets.urls[name] },
	}).ParseFS(files, "assets/page.html", "assets/demo.html")
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	all := pages{}
	for kind, source := range map[string]string{
		kindRoom: "", kindHome: `{{define "body"}}{{template "home" .}}{{end}}`,
		kindPeople: `{{define "body"}}{{template "people" .}}{{end}}`, kindPlain: `{{define "body"}}{{template "plain" .}}{{end}}`,
	} {
		t, err := base.Clone()
		if err == nil {
			file := "assets/others.html"
			if kind == kindRoom {
				file = "assets/room.html"
			}
			t, err = t.ParseFS(files, file)
		}
		if err == nil && source != "" {
			t, err = t.Parse(source)
		}
		if err != nil {
			return nil, fmt.Errorf("read the pages: %w", err)
		}
		all[kind] = t
	}
	return all, nil
}

// The kinds of pages; a page's body has its kind as a class.
const (
	kindRoom   = "room"
	kindHome   = "home"
	kindPeople = "people"
	kindPlain  = "plain"
)
