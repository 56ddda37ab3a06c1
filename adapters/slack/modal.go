package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

// Limits of modals (Block Kit reference, Views).
const (
	mostTitle    = 24
	mostLabel    = 2000
	mostTyped    = 3000
	mostOption   = 75
	mostOptions  = 100
	mostMetadata = 3000
)

// openFor is how long a trigger opens a modal; a little is left for the way.
const openFor = 2900 * time.Millisecond

// formMeta is what Trellis has to know when a form comes back. It lies in the view, where people cannot see it, but could
// change it: nothing in it decides what they may.
type formMeta struct {
	Value    string   `json:"v,omitempty"`
	Channel  string   `json:"c,omitempty"` // where it was opened; empty: in private
	Fields   []string `json:"f,omitempty"` // in their order
	Shortcut string   `json:"s,omitempty"` // the command that a message shortcut becomes
	Link     string   `json:"l,omitempty"` // to the message that it was used on
	By       string   `json:"b,omitempty"` // the user who wrote that
}

// openForm is a form as it stands for somebody.
type openForm struct {
	meta   formMeta
	fields map[string]string
}

func (f *openForm) place() formMeta { return formMeta{Channel: f.meta.Channel} }

func (f *openForm) room(w *workspace, user string) (chat.RoomID, bool) {
	if f.meta.Channel == "" || strings.HasPrefix(f.meta.Channel, "D") {
		return directID(w.team, user), true
	}
	return roomID(w.team, f.meta.Channel), false
}

// timePart is what the name of a When's second input ends with.
const timePart = " time"

// readForm reads what stands in a view of ours; nil: it is none.
func readForm(w *workspace, i *interaction) *openForm {
	f := &openForm{fields: map[string]string{}}
	if json.Unmarshal([]byte(i.View.PrivateMetadata), &f.meta) != nil {
		return nil
	}
	for name, inputs := range i.View.State.Values {
		for _, in := range inputs {
			base, isTime := strings.CutSuffix(name, timePart)
			text := in.Value
			switch in.Type {
			case "datepicker":
				text = in.Date
			case "timepicker":
				text = in.Time
			case "users_select":
				if text = ""; in.User != "" {
					text = chat.MentionOf(accountID(w.team, in.User))
				}
			case "static_select":
				if text = ""; in.Selected != nil {
					text = in.Selected.Value
				}
			}
			text = strings.TrimSpace(text)
			switch {
			case isTime && text != "": // the date stands before it, whichever came first
				f.fields[base] = strings.TrimSpace(f.fields[base] + " " + text)
			case !isTime && in.Type == "datepicker" && f.fields[base] != "":
				f.fields[base] = strings.TrimSpace(text + " " + f.fields[base])
			case !isTime:
				f.fields[base] = text
			}
		}
	}
	return f
}

// wrong says at the fields what would be accepted; the modal stays open with what was typed.
func (f *openForm) wrong(errs map[string]string) json.RawMessage {
	shown := map[string]string{}
	for name, text := range errs {
		if _, ours := f.fields[name]; !ours && len(f.meta.Fields) > 0 {
			name = f.meta.Fields[0]
		}
		if shown[name] != "" {
			text = shown[name] + "\n" + text
		}
		shown[name] = fit(text, mostLabel)
	}
	answer, err := json.Marshal(map[string]any{"response_action": "errors", "errors": shown})
	if err != nil {
		return nil
	}
	return answer
}

// modal renders a form.
func (a *Adapter) modal(form chat.Form, meta formMeta, language string) slackgo.ModalViewRequest {
	var blocks []slackgo.Block
	for _, b := range textBlocks(form.Intro) {
		blocks = append(blocks, b)
	}
	if meta.Shortcut == "" {
		meta.Value = form.Value
	}
	for _, f := range form.Fields {
		meta.Fields = append(meta.Fields, f.Name)
		for _, b := range a.inputs(f, language) {
			blocks = append(blocks, b)
		}
	}
	note, err := json.Marshal(meta)
	if err != nil || len(note) > mostMetadata {
		meta.Fields = nil // they only say where an error goes that belongs to no field
		note, _ = json.Marshal(meta)
	}
	return slackgo.ModalViewRequest{
		Type: slackgo.VTModal, Title: plainObject(form.Title, mostTitle), Submit: plainObject(form.Submit, mostTitle),
		Close: plainObject(a.o.Words(language, "slack.close", 0), mostTitle), Blocks: slackgo.Blocks{BlockSet: blocks},
		PrivateMetadata: string(note), CallbackID: "form", NotifyOnClose: true,
	}
}

func plainObject(text string, most int) *slackgo.TextBlockObject {
	return &slackgo.TextBlockObject{Type: slackgo.PlainTextType, Text: fit(orDash(text), most)}
}

// inputs are the blocks that ask for a field: one, or two for a date and its time.
func (a *Adapter) inputs(f chat.Field, language string) []*block {
	b := &block{Type: "input", BlockID: f.Name, Label: label(f.Label, mostLabel), Optional: f.Optional}
	if f.Hint != "" {
		b.Hint = label(f.Hint, mostLabel)
	}
	e := &element{ActionID: f.Name}
	b.Element = e
	switch f.Kind {
	case chat.When:
		date, clock, ok := pickable(f.Initial)
		if !ok {
			break
		}
		e.Type, e.InitialDate = "datepicker", date
		return []*block{b, {
			Type: "input", BlockID: f.Name + timePart, Label: label(a.o.Words(language, "slack.time", 0), mostLabel), Optional: true,
			Element: &element{Type: "timepicker", ActionID: f.Name, InitialTime: clock},
		}}
	case chat.Person:
		if account, is := chat.Mentioned(f.Initial); is || f.Initial == "" {
			e.Type = "users_select"
			_, e.InitialUser, _ = split(account)
			return []*block{b}
		}
	case chat.Select:
		if len(f.Options) == 0 || len(f.Options) > mostOptions {
			break
		}
		e.Type = "static_select"
		for _, o := range f.Options {
			option := &option{Text: label(o.Label, mostOption), Value: o.Value}
			if e.Options = append(e.Options, option); o.Value == f.Initial {
				e.InitialOption = option
			}
		}
		return []*block{b}
	case chat.Line, chat.Lines:
	}
	e.Type, e.Multiline, e.MaxLength = "plain_text_input", f.Kind == chat.Lines, mostTyped
	if f.Max > 0 {
		e.MaxLength = min(f.Max, mostTyped)
	}
	if initial := []rune(chat.Clean(f.Initial)); len(initial) <= e.MaxLength {
		e.InitialValue = string(initial)
	}
	return []*block{b}
}

// pickable tells whether a picker can show what stands in a field at first.
func pickable(initial string) (date, clock string, ok bool) {
	if initial == "" {
		return "", "", true
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, initial); err == nil {
			if layout != time.DateOnly {
				clock = t.Format("15:04")
			}
			return t.Format(time.DateOnly), clock, true
		}
	}
	return "", "", false
}

// open opens a modal while its trigger lives. Whoever pressed is told when it came too late.
func (a *Adapter) open(ctx context.Context, w *workspace, e chat.Event, trigger string, came time.Time, form chat.Form) {
	channel := ""
	if !e.Direct {
		_, channel, _ = split(e.Room)
	}
	view := a.modal(form, formMeta{Channel: channel}, e.By.Language)
	left := openFor - time.Since(came)
	err := errTooLate
	if left > 0 {
		within, cancel := context.WithTimeout(ctx, left)
		defer cancel()
		_, err = w.api().OpenViewContext(within, trigger, view)
	}
	switch code := codeOf(err); {
	case err == nil, code == "exchanged_trigger_id": // Slack sent the click twice, and the first opened it
		return
	default:
		a.log.Warn("a form was not opened", "workspace", w.team, "error", plain(err))
	}
	a.sayAgain(ctx, w, e, channel)
}

var errTooLate = errors.New("the trigger is too old")

// sayAgain asks somebody to press once more.
func (a *Adapter) sayAgain(ctx context.Context, w *workspace, e chat.Event, channel string) {
	_, user, _ := split(e.By.Account)
	text := slackgo.MsgOptionText(escaper.Replace(a.o.Words(e.By.Language, "slack.again", 0)), false)
	var err error
	if channel != "" {
		if _, err = w.api().PostEphemeralContext(ctx, channel, user, text); err == nil {
			return
		}
	}
	if channel, err = a.directChannel(ctx, w, user); err == nil {
		_, _, err = w.api().PostMessageContext(ctx, channel, text)
	}
	if err != nil {
		a.log.Warn("nobody could be asked to press again", "workspace", w.team, "error", plain(fmt.Errorf("%w", err)))
	}
}
