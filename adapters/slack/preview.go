package slack

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

// Previewed is one thing that Trellis says, to be looked at.
type Previewed struct {
	Title   string // where it comes from
	Message *chat.Message
	Form    *chat.Form
}

// Preview writes a page on which each message and form stands as Slack would show it, with its JSON below: for reviewers
// and translators. It is rendered from the blocks that would be sent, without anything from elsewhere.
func Preview(w io.Writer, words func(language, key string, n int) string, all []Previewed) error {
	a := &Adapter{o: Options{Words: words}}
	var b strings.Builder
	b.WriteString(previewHead)
	for _, p := range all {
		fmt.Fprintf(&b, "<section><h2>%s</h2>\n", html.EscapeString(p.Title))
		switch {
		case p.Message != nil:
			for i, part := range parts(p.Message.Text) {
				blocks := part.blocks
				if i == len(parts(p.Message.Text))-1 {
					blocks = append(blocks, a.choices(*p.Message)...)
				}
				b.WriteString(`<article class="message"><b class="by">Trellis</b>`)
				for _, block := range blocks {
					b.WriteString(block.page())
				}
				b.WriteString("</article>\n")
				fmt.Fprintf(&b, "<p class=\"fallback\">Read aloud: %s</p>\n", html.EscapeString(part.text.Plain()))
				if err := writeJSON(&b, blocks); err != nil {
					return err
				}
			}
		case p.Form != nil:
			view := a.modal(*p.Form, formMeta{}, "en")
			fmt.Fprintf(&b, `<article class="modal"><header>%s</header>`, html.EscapeString(view.Title.Text))
			for _, block := range view.Blocks.BlockSet {
				b.WriteString(shown(block))
			}
			fmt.Fprintf(&b, `<footer><button>%s</button><button class="primary">%s</button></footer></article>`+"\n", html.EscapeString(view.Close.Text), html.EscapeString(view.Submit.Text))
			if err := writeJSON(&b, view); err != nil {
				return err
			}
		}
		b.WriteString("</section>\n")
	}
	b.WriteString("</main></body></html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func writeJSON(b *strings.Builder, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write the blocks: %w", err)
	}
	fmt.Fprintf(b, "<details><summary>JSON</summary><pre>%s</pre></details>\n", html.EscapeString(string(text)))
	return nil
}

// page is a block as HTML.
func (b *block) page() string {
	var s strings.Builder
	switch b.Type {
	case "header":
		fmt.Fprintf(&s, "<h3>%s</h3>", html.EscapeString(b.Text.Text))
	case "rich_text":
		for _, e := range b.Elements {
			s.WriteString(e.page())
		}
	case "divider":
		s.WriteString("<hr>")
	case "actions":
		s.WriteString(`<div class="row">`)
		for _, e := range b.Elements {
			s.WriteString(e.page())
		}
		s.WriteString("</div>")
	case "input":
		fmt.Fprintf(&s, "<label>%s", html.EscapeString(b.Label.Text))
		if b.Optional {
			s.WriteString(" <i>(optional)</i>")
		}
		s.WriteString(b.Element.page() + "</label>")
		if b.Hint != nil {
			fmt.Fprintf(&s, `<small>%s</small>`, html.EscapeString(b.Hint.Text))
		}
	}
	return s.String() + "\n"
}

// page is an element as HTML.
func (e *element) page() string {
	text, _ := e.Text.(string)
	text = strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")
	var inside strings.Builder
	for _, part := range e.Elements {
		inside.WriteString(part.page())
	}
	switch e.Type {
	case "rich_text_section":
		return "<p>" + inside.String() + "</p>"
	case "rich_text_quote":
		return "<blockquote>" + inside.String() + "</blockquote>"
	case "rich_text_list":
		var items strings.Builder
		for _, item := range e.Elements {
			items.WriteString("<li>" + item.page() + "</li>")
		}
		return "<ul>" + items.String() + "</ul>"
	case "link":
		return fmt.Sprintf(`<a href="%s">%s</a>`, html.EscapeString(e.URL), text)
	case "user":
		return `<span class="user">@` + html.EscapeString(e.UserID) + "</span>"
	case "date":
		return "<time>" + html.EscapeString(e.Fallback) + "</time>"
	case "button":
		name, _ := e.Style.(string)
		label, _ := e.Text.(*object)
		return fmt.Sprintf(`<button class="%s">%s</button>`, html.EscapeString(name), html.EscapeString(label.Text))
	case "plain_text_input":
		if e.Multiline {
			return "<textarea>" + html.EscapeString(e.InitialValue) + "</textarea>"
		}
		return fmt.Sprintf(`<input value="%s">`, html.EscapeString(e.InitialValue))
	case "datepicker":
		return fmt.Sprintf(`<input type="date" value="%s">`, html.EscapeString(e.InitialDate))
	case "timepicker":
		return fmt.Sprintf(`<input type="time" value="%s">`, html.EscapeString(e.InitialTime))
	case "users_select":
		return "<select><option>…</option></select>"
	case "static_select":
		var options strings.Builder
		for _, o := range e.Options {
			options.WriteString("<option>" + html.EscapeString(o.Text.Text) + "</option>")
		}
		return "<select>" + options.String() + "</select>"
	}
	if st, ok := e.Style.(style); ok {
		if st.Code {
			text = "<code>" + text + "</code>"
		}
		if st.Bold {
			text = "<strong>" + text + "</strong>"
		}
	}
	return text
}

const previewHead = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Trellis on Slack</title>
<style>
body{font:15px/1.46 system-ui,sans-serif;color:#1d1c1d;background:#f4f4f4;margin:0}main{max-width:44rem;margin:auto;padding:1rem}
h2{font-size:.85rem;color:#616061;font-weight:400;margin:2rem 0 .3rem}h3{font-size:1.1rem;margin:.5rem 0}p{margin:.2rem 0}ul{margin:.2rem 0;padding-left:1.5rem}
article{background:#fff;border:1px solid #ddd;border-radius:8px;padding:.7rem 1rem}.by{display:block}.row{display:flex;flex-wrap:wrap;gap:.5rem;margin:.5rem 0}
button{font:inherit;font-weight:700;font-size:.85rem;border:1px solid #bbb;border-radius:4px;background:#fff;padding:.25rem .75rem}button.primary{background:#007a5a;color:#fff}
button.danger{background:#e01e5a;color:#fff}blockquote{margin:.2rem 0;padding-left:.8rem;border-left:4px solid #ddd}.user{background:#e8f5fa;color:#1264a3}
code{background:#f6f6f6;border:1px solid #ddd;border-radius:3px;color:#c01343;padding:0 .2rem}label{display:block;font-weight:700;margin:.7rem 0 .2rem}
label input,label textarea,label select{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.3rem}small,.fallback{color:#616061;font-size:.85rem;white-space:pre-line}
.modal{max-width:32rem}.modal header{font-weight:800;font-size:1.2rem}.modal footer{text-align:right;margin-top:1rem}pre{overflow:auto;font-size:.75rem}
</style></head><body><main><h1>Trellis on Slack</h1>
`

// shown is one of a view's blocks as HTML: they are all ours.
func shown(b slackgo.Block) string {
	if ours, ok := b.(*block); ok {
		return ours.page()
	}
	return ""
}
