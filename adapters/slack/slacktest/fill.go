package slacktest

import (
	"fmt"
	"slices"
	"strings"
)

// Fill fills in the modal that is open for somebody, by the inputs' block_id, and sends it; it waits until Slack knows
// what becomes of the modal. A date is written as 2026-04-03, a time as 17:00, a person as their ID, an option as its value or label.
func (w *Workspace) Fill(user string, fields map[string]string) bool {
	w.s.mu.Lock()
	v := w.views[user]
	if v == nil {
		w.s.mu.Unlock()
		panic("slacktest: no modal is open for " + user)
	}
	values := object{}
	blocks, _ := v.Raw["blocks"].([]any)
	known := []string{}
	for _, b := range blocks {
		b := b.(object)
		if b["type"] != "input" {
			continue
		}
		id, _ := b["block_id"].(string)
		known = append(known, id)
		element := b["element"].(object)
		action, _ := element["action_id"].(string)
		typed, given := fields[id]
		values[id] = object{action: state(element, typed, given)}
	}
	for id := range fields {
		if !slices.Contains(known, id) {
			w.s.mu.Unlock()
			panic(fmt.Sprintf("slacktest: the modal has no input %q; it has %s", id, strings.Join(known, ", ")))
		}
	}
	e := w.s.send(&envelope{kind: "interactive", once: true, w: w, payload: object{
		"type": "view_submission", "user": w.who(user), "team": object{"id": w.ID}, "trigger_id": w.trigger(user), "api_app_id": AppID,
		"view": object{"id": v.ID, "type": "modal", "hash": "h", "callback_id": v.Raw["callback_id"], "private_metadata": v.Metadata, "state": object{"values": values}},
	}})
	w.s.mu.Unlock()
	if !w.s.heard(e) {
		return false
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.submitted(user, v, e.answer, known)
	return true
}

// state is what stands in an input.
func state(element object, typed string, given bool) object {
	kind, _ := element["type"].(string)
	initial := func(name string) string {
		text, _ := element[name].(string)
		if given {
			return typed
		}
		return text
	}
	or := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	switch kind {
	case "datepicker":
		return object{"type": kind, "selected_date": or(initial("initial_date"))}
	case "timepicker":
		return object{"type": kind, "selected_time": or(initial("initial_time"))}
	case "users_select":
		return object{"type": kind, "selected_user": or(initial("initial_user"))}
	case "static_select":
		options, _ := element["options"].([]any)
		for _, o := range options {
			o := o.(object)
			if given && (o["value"] == typed || o["text"].(object)["text"] == typed) {
				return object{"type": kind, "selected_option": o}
			}
		}
		if first, ok := element["initial_option"].(object); ok && !given {
			return object{"type": kind, "selected_option": first}
		}
		return object{"type": kind, "selected_option": nil}
	}
	return object{"type": kind, "value": or(initial("initial_value"))}
}

// submitted does what the app answered. It is called with s.mu held.
func (w *Workspace) submitted(user string, v *View, answer object, inputs []string) {
	switch answer["response_action"] {
	case nil, "clear":
		delete(w.views, user)
	case "errors":
		v.Errors = map[string]string{}
		errs, _ := answer["errors"].(object)
		for id, text := range errs {
			if !slices.Contains(inputs, id) {
				w.s.violate("view_submission: an error at %s, which is no input", id)
				continue
			}
			v.Errors[id], _ = text.(string)
		}
		w.showsView(user, v, v.Errors)
		if len(v.Errors) == 0 {
			w.s.violate("view_submission: errors without any")
		}
	case "update", "push":
		raw, _ := answer["view"].(object)
		next, err := w.s.readView("ModalView", raw, nil)
		if err == nil {
			w.views[user] = next
			w.showsView(user, next, nil)
		}
	default:
		w.s.violate("view_submission: there is no response_action %v", answer["response_action"])
	}
}

// Dismiss is somebody closing the modal that is open for them.
func (w *Workspace) Dismiss(user string) bool {
	w.s.mu.Lock()
	v := w.views[user]
	delete(w.views, user)
	if v == nil || v.Raw["notify_on_close"] != true {
		w.s.mu.Unlock()
		return false
	}
	e := w.s.send(&envelope{kind: "interactive", once: true, w: w, payload: object{
		"type": "view_closed", "user": w.who(user), "team": object{"id": w.ID}, "is_cleared": false,
		"view": object{"id": v.ID, "type": "modal", "private_metadata": v.Metadata, "state": object{"values": object{}}},
	}})
	w.s.mu.Unlock()
	return w.s.heard(e)
}
