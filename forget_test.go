package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"trellis/adapters/chat"
)

// holds says which of the words stand in files of the data folder, and in which, in whatever form it is stored there.
func holds(t *testing.T, folder string, words []string) map[string]string {
	t.Helper()
	where := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text = bytes.ToLower(text)
		for _, word := range words {
			if bytes.Contains(text, []byte(word)) {
				where[word] = filepath.Base(name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return where
}

// Whatever ben said, and his name, is in no byte of the data folder once he had Trellis forget it: not in what is
// kept of the practices, of messages, of events, nor in what the store has deleted and not used again.
func TestForgottenLeavesNoTrace(t *testing.T) {
	r := newTrellis(t)
	words := []string{
		"bentalk", "bencheckin", "benedictus", "benchanged", "benproposal", "benconcern", "benpromise", "bendone", "benplea",
		"benremind", "benscope", "benhelp", "bensecret",
	}
	r.must(r.people.AddPerson(chat.Profile{Account: "b", Name: "Benedictus"}))
	r.must(r.people.Join("b", "#air"))
	r.start()
	r.await("Trellis")
	ben := func(room chat.RoomID, text, until string) {
		t.Helper()
		r.write("b", room, text)
		r.await(until)
	}
	r.write("b", "#air", "bentalk, said among people")
	r.write("ana", "#air", `trellis checkin "Morning?" by="tomorrow 17:00"`)
	r.await("asks everyone: Morning?")
	ben("", "bencheckin tired", "I have your answer")
	ben("", "benchanged awake", "I have replaced your answer")
	r.write("ana", "#air", "trellis checkin reveal")
	r.await("benchanged")
	ben("#air", `trellis propose "benproposal for all" steps=decide`, "benproposal")
	r.must(r.people.Press("b", "", "Consent with a concern"))
	r.settle()
	r.must(r.people.Fill("b", map[string]string{"concern": "benconcern"}))
	r.await("your concern is kept")
	ben("#air", `trellis commit "benpromise to all" by friday`, "benpromise")
	ben("#air", `trellis help 1 "benhelp wanted"`, "would like help")
	ben("#air", `trellis done 1 "bendone at last"`, "bendone")
	ben("#air", `trellis ask @ana to "benplea" by friday`, "benplea")
	ben("", `trellis remind me "benremind" tomorrow`, "benremind")
	ben("#air", `trellis session scope on "benscope"`, "benscope")
	r.write("ana", "#air", `trellis checkin "Secretly?" anonymous by="tomorrow 17:00"`)
	r.await("asks everyone: Secretly?")
	r.write("b", "", "bensecret")
	r.settle()
	r.end()
	before := holds(t, r.folder, words)
	for _, word := range words[2:] { // what he replaced may be overwritten by now
		if before[word] == "" {
			t.Errorf("%s is not found even before he is forgotten", word)
		}
	}
	if before["bentalk"] != "" {
		t.Error("what was not said to Trellis is kept")
	}

	r.start()
	ben("", "trellis privacy forget", "This cannot be undone")
	r.must(r.people.Press("b", "", "Forget me"))
	r.await("Your name and your words are gone")
	<-r.erased
	r.end()
	// What was given anonymously is nobody's any more, so it stays until its time has come.
	words = slices.DeleteFunc(words, func(w string) bool { return w == "bensecret" })
	if where := holds(t, r.folder, words); len(where) > 0 {
		t.Errorf("of who was forgotten there is still: %v", where)
	}
	r.start() // and what it kept works on
	r.write("ana", "#air", "trellis group members")
	r.await("a member who left")
}
