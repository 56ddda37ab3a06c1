package slack

import (
	"encoding/json"
	"net/url"
)

// What Slack sends, as far as it is read. Slack's payloads hold far more (whole messages with their blocks), which is
// skipped unparsed.

// envelope is around each event.
type envelope struct {
	Type      string // event_callback, url_verification, app_rate_limited
	Challenge string
	TeamID    string `json:"team_id"`
	EventID   string `json:"event_id"`
	EventTime int64  `json:"event_time"`
	// Authorizations name the installation that the event is for; in a shared channel that is not the workspace of who acted.
	Authorizations []struct {
		TeamID       string `json:"team_id"`
		EnterpriseID string `json:"enterprise_id"`
		Enterprise   bool   `json:"is_enterprise_install"`
	}
	Event event
}

// team is the installation.
func (e *envelope) team() string {
	if len(e.Authorizations) > 0 {
		if e.Authorizations[0].Enterprise && e.Authorizations[0].TeamID == "" {
			return e.Authorizations[0].EnterpriseID
		}
		if e.Authorizations[0].TeamID != "" {
			return e.Authorizations[0].TeamID
		}
	}
	return e.TeamID
}

// event is all kinds of event; each uses some of the fields.
type event struct {
	Type        string
	Subtype     string
	Hidden      bool
	User        userOr `json:"user"`
	BotID       string `json:"bot_id"`
	Text        string
	TS          string      `json:"ts"`
	ThreadTS    string      `json:"thread_ts"`
	EventTS     string      `json:"event_ts"`
	Channel     channelOr   `json:"channel"`
	ChannelType string      `json:"channel_type"`
	Message     *message    `json:"message"`
	Previous    *message    `json:"previous_message"`
	DeletedTS   string      `json:"deleted_ts"`
	Reaction    string      `json:"reaction"`
	Item        item        `json:"item"`
	Inviter     string      `json:"inviter"`
	Old         string      `json:"old_channel_id"`
	New         string      `json:"new_channel_id"`
	Tab         string      `json:"tab"`
	Tokens      tokens      `json:"tokens"`
	DND         *doNotTouch `json:"dnd_status"`
}

type item struct {
	Type, Channel string
	TS            string `json:"ts"`
}

type tokens struct{ OAuth, Bot []string }

// message is one inside message_changed and message_deleted.
type message struct {
	User, Text, Subtype string
	BotID               string `json:"bot_id"`
	TS                  string `json:"ts"`
	Edited              *struct {
		User string
		TS   string `json:"ts"`
	}
}

// userOr is a user's ID, or in user_change the whole user.
type userOr struct {
	ID   string
	Full *user
}

// UnmarshalJSON reads either.
func (u *userOr) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &u.ID)
	}
	if err := json.Unmarshal(data, &u.Full); err != nil || u.Full == nil {
		return err
	}
	u.ID = u.Full.ID
	return nil
}

// channelOr is a channel's ID, or in channel_rename the channel.
type channelOr struct{ ID, Name string }

// UnmarshalJSON reads either.
func (c *channelOr) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &c.ID)
	}
	type plainChannel channelOr
	return json.Unmarshal(data, (*plainChannel)(c))
}

// user is a person or a bot.
type user struct {
	ID       string
	TeamID   string `json:"team_id"`
	Name     string
	RealName string `json:"real_name"`
	Deleted  bool
	TZ       string `json:"tz"`
	Locale   string
	Bot      bool `json:"is_bot"`
	Limited  bool `json:"is_restricted"`
	Stranger bool `json:"is_stranger"`
	Profile  struct {
		DisplayName string `json:"display_name"`
		RealName    string `json:"real_name"`
	}
}

// doNotTouch is a person's Do Not Disturb; times in Unix seconds.
type doNotTouch struct {
	Enabled bool  `json:"dnd_enabled"`
	Start   int64 `json:"next_dnd_start_ts"`
	End     int64 `json:"next_dnd_end_ts"`
	Snooze  bool  `json:"snooze_enabled"`
	Until   int64 `json:"snooze_endtime"`
}

// interaction is a click, a form, or a message shortcut.
type interaction struct {
	Type      string // block_actions, view_submission, view_closed, message_action
	TriggerID string `json:"trigger_id"`
	Callback  string `json:"callback_id"`
	User      struct {
		ID     string
		TeamID string `json:"team_id"`
	}
	Team *struct{ ID string }
	// Enterprise is the organisation, where Trellis was installed for it as a whole.
	Enterprise          *struct{ ID string }
	IsEnterpriseInstall bool `json:"is_enterprise_install"`
	Channel             struct{ ID string }
	Container           struct {
		Type      string
		ChannelID string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
	}
	Actions []struct {
		ActionID string `json:"action_id"`
		ActionTS string `json:"action_ts"`
		Value    string
	}
	Message *struct {
		User, Text string
		TS         string `json:"ts"`
	}
	View *struct {
		ID, Hash, Type  string
		PrivateMetadata string `json:"private_metadata"`
		State           struct {
			Values map[string]map[string]fieldState
		}
	}
}

func (i *interaction) team() string {
	switch {
	case i.IsEnterpriseInstall && i.Enterprise != nil:
		return i.Enterprise.ID
	case i.Team != nil:
		return i.Team.ID
	}
	return i.User.TeamID
}

// fieldState is what stands in one input of a modal.
type fieldState struct {
	Type     string
	Value    string
	Date     string                  `json:"selected_date"`
	Time     string                  `json:"selected_time"`
	User     string                  `json:"selected_user"`
	Selected *struct{ Value string } `json:"selected_option"`
}

// slash is a slash command.
type slash struct {
	TeamID       string `json:"team_id"`
	EnterpriseID string `json:"enterprise_id"`
	Enterprise   string `json:"is_enterprise_install"`
	ChannelID    string `json:"channel_id"`
	UserID       string `json:"user_id"`
	Text         string
	TriggerID    string `json:"trigger_id"`
}

func slashOf(form url.Values) slash {
	return slash{
		TeamID: form.Get("team_id"), EnterpriseID: form.Get("enterprise_id"), Enterprise: form.Get("is_enterprise_install"),
		ChannelID: form.Get("channel_id"), UserID: form.Get("user_id"), Text: form.Get("text"), TriggerID: form.Get("trigger_id"),
	}
}

func (s *slash) team() string {
	if s.Enterprise == "true" && s.EnterpriseID != "" {
		return s.EnterpriseID
	}
	return s.TeamID
}
