package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

// metadataType names our messages' metadata. Everybody in a workspace can read it, so it holds an opaque ID alone.
const metadataType = "trellis_delivery"

// betweenParts is the pause between the messages of one delivery: Slack takes about one a second in a channel.
const betweenParts = 1050 * time.Millisecond

// Deliver is chat.Adapter's.
func (a *Adapter) Deliver(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if ctx.Err() != nil {
		return chat.Receipt{}, &chat.Later{Reason: "stopped before it was sent"}
	}
	w, err := a.workspaceOf(ctx, d.To)
	if err != nil {
		return chat.Receipt{}, err
	}
	if total := textLength(d.Message.Text); total > mostAltogether || len(d.Message.Choices) > chat.MaxChoices {
		return chat.Receipt{}, &chat.Refused{Who: chat.Operator, Reason: "msg_too_long"}
	}
	for _, c := range d.Message.Choices {
		if len(c.Value) > mostValue {
			return chat.Receipt{}, &chat.Refused{Who: chat.Operator, Reason: "value_too_long"}
		}
	}
	stands, err := a.send(ctx, w, d)
	switch {
	case err != nil:
	case d.To.Account != "":
		a.home.stir(w, d.To.Account)
	default:
		a.home.stirAll(w.team)
	}
	if codeOf(err) == "token_expired" {
		a.renewNow(w)
	}
	return stands, err
}

func textLength(t chat.Text) (n int) {
	for _, b := range t {
		n += length(b)
	}
	return n
}

// workspaceOf is where a place is.
func (a *Adapter) workspaceOf(ctx context.Context, to chat.Place) (*workspace, error) {
	if a.single != nil {
		if err := a.askName(ctx, a.single); err != nil {
			return nil, unsent(err)
		}
		return a.single, nil
	}
	w := a.workspace(Workspace(to))
	a.mu.Lock()
	loaded := a.loaded
	a.mu.Unlock()
	switch {
	case w != nil:
		return w, nil
	case !loaded:
		return nil, &chat.Later{After: time.Second, Scope: chat.ThisPlatform, Reason: "not started"}
	}
	return nil, &chat.Refused{Scope: chat.ThisPlatform, Who: chat.Operator, Reason: "not_installed"}
}

func (a *Adapter) send(ctx context.Context, w *workspace, d chat.Delivery) (chat.Receipt, error) {
	_, _, direct := split(d.To.Room)
	switch {
	case d.Update != "":
		return a.update(ctx, w, d)
	case d.To.Account != "" && d.To.Room != "" && !direct:
		return a.whisper(ctx, w, d)
	case d.To.Account != "" || direct:
		return a.tell(ctx, w, d)
	}
	_, channel, _ := split(d.To.Room)
	return a.post(ctx, w, d, channel)
}

// tell sends a direct message, when its reader does not want to be left alone.
func (a *Adapter) tell(ctx context.Context, w *workspace, d chat.Delivery) (chat.Receipt, error) {
	_, user, _ := split(d.To.Account)
	if user == "" {
		_, user, _ = split(d.To.Room)
	}
	if !d.Doubt {
		if hold := a.holdFor(ctx, w, user, d.ID); hold > 0 {
			return chat.Receipt{}, &chat.Later{After: hold, Scope: chat.ThisMessage, Reason: "do not disturb"}
		}
	}
	channel, err := a.directChannel(ctx, w, user)
	if err != nil {
		return chat.Receipt{}, unsent(err)
	}
	stands, err := a.post(ctx, w, d, channel)
	stands.Room = directID(w.team, user)
	return stands, err
}

// unsent is the outcome of a call that came before the sending: whatever became of it, the message was not sent.
func unsent(err error) error {
	said := outcome(err, chat.ThisMethod)
	_, later := errors.AsType[*chat.Later](said)
	if _, refused := errors.AsType[*chat.Refused](said); later || refused {
		return said
	}
	return &chat.Later{Scope: chat.ThisMessage, Reason: "no answer to a question before sending"}
}

// post sends a new message, or as many as its text needs, one under the other; the receipt names the first.
func (a *Adapter) post(ctx context.Context, w *workspace, d chat.Delivery, channel string) (chat.Receipt, error) {
	stood := map[int]string{}
	if d.Doubt {
		var can bool
		var err error
		if stood, can, err = a.find(ctx, w, d, channel); err != nil {
			return chat.Receipt{}, err
		} else if !can {
			return chat.Receipt{}, nil
		}
	}
	all := parts(d.Message.Text)
	first, sent := stood[0], false
	for i, p := range all {
		if stood[i] != "" {
			continue
		}
		if sent && !wait(ctx, betweenParts) {
			return chat.Receipt{}, fmt.Errorf("send part %d of %d: %w", i+1, len(all), ctx.Err())
		}
		if i == len(all)-1 {
			p.blocks = append(p.blocks, a.choices(d.Message)...)
		}
		ts, err := a.postPart(ctx, w, d, channel, i, p)
		if err != nil {
			if len(stood) > 0 { // what is there must be found again, or it would be said twice
				return chat.Receipt{}, fmt.Errorf("send part %d of %d: %w", i+1, len(all), err)
			}
			return chat.Receipt{}, outcome(err, chat.ThisPlace)
		}
		stood[i], sent = ts, true
		if i == 0 {
			first = ts
		}
	}
	if len(all) > 1 && len(d.Message.Choices) > 0 {
		first = stood[len(all)-1] // what is updated is what has the choices
	}
	return chat.Receipt{Message: messageID(w.team, channel, first)}, nil
}

func (a *Adapter) postPart(ctx context.Context, w *workspace, d chat.Delivery, channel string, n int, p part) (string, error) {
	thread := threadOf(d)
	options := func() []slackgo.MsgOption {
		o := append(a.content(p, fallback(p.text)),
			slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{"id": partID(d.ID, n)}}))
		if thread != "" {
			o = append(o, slackgo.MsgOptionTS(thread))
		}
		return o
	}
	_, ts, err := w.api().PostMessageContext(ctx, channel, options()...)
	switch codeOf(err) {
	case "thread_not_found", "cannot_reply_to_message", "message_not_found":
		thread = "" // the root was deleted: it goes to the channel
		_, ts, err = w.api().PostMessageContext(ctx, channel, options()...)
	}
	return ts, err
}

func threadOf(d chat.Delivery) string {
	if d.Thread == "" {
		return ""
	}
	_, ts := splitMessage(d.Thread)
	return ts
}

func partID(id chat.DeliveryID, n int) string {
	if n == 0 {
		return string(id)
	}
	return fmt.Sprintf("%s#%d", id, n)
}

// content are the options that each kind of sending has. Nothing is unfurled and no name in a text is made a mention.
func (a *Adapter) content(p part, text string) []slackgo.MsgOption {
	blocks := make([]slackgo.Block, 0, len(p.blocks))
	for _, b := range p.blocks {
		blocks = append(blocks, b)
	}
	return []slackgo.MsgOption{
		slackgo.MsgOptionText(text, false), slackgo.MsgOptionBlocks(blocks...), slackgo.MsgOptionDisableLinkUnfurl(),
		slackgo.MsgOptionDisableMediaUnfurl(), slackgo.MsgOptionParse(false),
	}
}

// update replaces a message. Repeating it does no harm, so one in doubt is not looked for.
func (a *Adapter) update(ctx context.Context, w *workspace, d chat.Delivery) (chat.Receipt, error) {
	channel, ts := splitMessage(d.Update)
	all := parts(d.Message.Text)
	if len(all) > 1 || channel == "" || ts == "" { // one message cannot become several
		return chat.Receipt{}, &chat.Refused{Reason: "msg_too_long", Anew: true}
	}
	all[0].blocks = append(all[0].blocks, a.choices(d.Message)...)
	_, _, _, err := w.api().UpdateMessageContext(ctx, channel, ts, a.content(all[0], updatedFallback(all[0].text))...)
	if err != nil {
		return chat.Receipt{}, outcome(err, chat.ThisMethod)
	}
	return chat.Receipt{Message: d.Update, Room: d.To.Room}, nil
}

// whisper says something in a room to one person alone; directly, where that cannot be done.
func (a *Adapter) whisper(ctx context.Context, w *workspace, d chat.Delivery) (chat.Receipt, error) {
	if d.Doubt {
		return chat.Receipt{}, nil // it cannot be looked for
	}
	_, channel, _ := split(d.To.Room)
	_, user, _ := split(d.To.Account)
	all := parts(d.Message.Text)
	var said string
	for i, p := range all {
		if i > 0 && !wait(ctx, betweenParts) {
			return chat.Receipt{}, fmt.Errorf("whisper part %d of %d: %w", i+1, len(all), ctx.Err())
		}
		if i == len(all)-1 {
			p.blocks = append(p.blocks, a.choices(d.Message)...)
		}
		options := a.content(p, fallback(p.text))
		if thread := threadOf(d); thread != "" {
			options = append(options, slackgo.MsgOptionTS(thread))
		}
		ts, err := w.api().PostEphemeralContext(ctx, channel, user, options...)
		if err != nil {
			if said == "" && elsewhere[codeOf(err)] {
				d.Thread = ""
				return a.directly(ctx, w, d, user)
			}
			if said != "" {
				return chat.Receipt{}, fmt.Errorf("whisper part %d of %d: %w", i+1, len(all), err)
			}
			return chat.Receipt{}, outcome(err, chat.ThisMethod)
		}
		said = ts
	}
	return chat.Receipt{Message: messageID(w.team, channel, said)}, nil
}

// elsewhere are the reasons for which a word in a room goes to the person directly: they are not there, or Trellis is not.
var elsewhere = map[string]bool{
	"user_not_in_channel": true, "channel_not_found": true, "not_in_channel": true, "is_archived": true,
	"restricted_action": true, "restricted_action_read_only_channel": true, "user_not_in_conversation": true,
}

// directly is a whisper as a direct message. It answers what was just done, so it waits for nobody's quiet.
func (a *Adapter) directly(ctx context.Context, w *workspace, d chat.Delivery, user string) (chat.Receipt, error) {
	channel, err := a.directChannel(ctx, w, user)
	if err != nil {
		return chat.Receipt{}, unsent(err)
	}
	stands, err := a.post(ctx, w, d, channel)
	stands.Room = directID(w.team, user)
	return stands, err
}

// Looking for a message: how far back, and by how many pages. A message in doubt is some minutes old at most, or from
// before a stop.
const (
	historyPage  = 100
	historyPages = 5
)

// historyScope is what reading a kind of channel takes.
func historyScope(channel string) []string {
	switch {
	case strings.HasPrefix(channel, "D"):
		return []string{"im:history"}
	case strings.HasPrefix(channel, "G"):
		return []string{"groups:history"}
	}
	return []string{"channels:history", "groups:history"} // a private channel's ID begins with C, too
}

// find looks for the messages of a delivery, by their number. can is false where looking was not granted.
func (a *Adapter) find(ctx context.Context, w *workspace, d chat.Delivery, channel string) (stood map[int]string, can bool, err error) {
	lacking := 0
	scopes := historyScope(channel)
	for _, s := range scopes {
		if w.lacks(s) {
			lacking++
		}
	}
	if lacking == len(scopes) {
		return nil, false, nil
	}
	wanted := map[string]int{}
	for n := range parts(d.Message.Text) {
		wanted[partID(d.ID, n)] = n
	}
	stood = map[int]string{}
	cursor, thread := "", threadOf(d)
	for range historyPages {
		var page []slackgo.Message
		if thread != "" {
			page, _, cursor, err = w.api().GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{
				ChannelID: channel, Timestamp: thread, Cursor: cursor, Limit: historyPage, IncludeAllMetadata: true,
			})
		} else {
			var got *slackgo.GetConversationHistoryResponse
			got, err = w.api().GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{
				ChannelID: channel, Cursor: cursor, Limit: historyPage, IncludeAllMetadata: true,
			})
			if got != nil {
				page, cursor = got.Messages, got.ResponseMetaData.NextCursor
			}
		}
		switch code := codeOf(err); {
		case code == "missing_scope":
			return nil, false, nil
		case code == "thread_not_found" && thread != "":
			thread, cursor = "", ""
			continue
		case err != nil:
			return nil, true, looked(err)
		}
		for i := range page {
			m := &page[i]
			if id, ok := m.Metadata.EventPayload["id"].(string); ok && m.Metadata.EventType == metadataType {
				if n, ours := wanted[id]; ours {
					stood[n] = m.Timestamp
				}
			}
		}
		if len(stood) == len(wanted) || cursor == "" {
			break
		}
	}
	return stood, true, nil
}

// looked is the outcome of a look-up that failed: the delivery stays in doubt.
func looked(err error) error {
	said := outcome(err, chat.ThisMessage)
	if refused, ok := errors.AsType[*chat.Refused](said); ok && refused.Scope == chat.ThisMessage {
		return &chat.Later{After: time.Minute, Reason: refused.Reason}
	}
	return said
}
