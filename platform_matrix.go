package main

import (
	"context"
	"path/filepath"

	"trellis/adapters/matrix"
	"trellis/bot"
	"trellis/config"
)

// matrixFile holds the keys by which rooms are read and written in, and who Trellis is on its server.
const matrixFile = "matrix.db"

func matrixPlatform() platformSpec {
	return platformSpec{
		section: config.Section{Name: "matrix", Keys: []config.Key{
			{Name: "homeserver", Kind: config.URL, Doc: "address of the homeserver, such as https://matrix.example.org"},
			{Name: "user", Doc: "the bot's account: its whole ID (@trellis:example.org), or the local part"},
			{Name: "password", Secret: true, Doc: "of the account; or else access_token"},
			{Name: "access_token", Secret: true, Doc: "of the account, where the server logs in by a browser"},
			{Name: "allow_invites", Kind: config.List, Default: "everyone", Doc: "whose invitations are accepted: everyone, or servers and people"},
			{Name: "encryption", Kind: config.Bool, Default: "on", Doc: "speak in encrypted rooms; off for a build without encryption"},
			{Name: "recovery_key", Doc: "file with the key by which a new device is known as Trellis's; recovery-key in data unless given"},
		}},
		files: []stateFile{{name: matrixFile, copy: matrix.Copy}},
		open:  openMatrix,
	}
}

func openMatrix(ctx context.Context, h host) (*opened, error) {
	c := h.config
	if !c.Given("matrix.homeserver") && !c.Given("matrix.user") && !c.Given("matrix.password") && !c.Given("matrix.access_token") {
		return nil, nil
	}
	catalogues, err := loadWords()
	if err != nil {
		return nil, err
	}
	a, err := matrix.New(ctx, matrix.Options{
		Homeserver: c.String("matrix.homeserver"), User: c.String("matrix.user"),
		Password: c.Secret("matrix.password").Reveal(), AccessToken: c.Secret("matrix.access_token").Reveal(),
		Store: filepath.Join(c.String("data"), matrixFile), AllowInvites: c.List("matrix.allow_invites"),
		Encrypt: c.Bool("matrix.encryption"), RecoveryKey: c.String("matrix.recovery_key"),
		Words: catalogues.Text, Log: h.log,
	})
	if err != nil {
		return nil, err
	}
	return &opened{
		adapter: a,
		// What a server allows is its own setting: it is learned from its refusals, for all rooms together.
		pace:   bot.Pace{Limits: []bot.Limit{{}}},
		copies: map[string]func(context.Context, string) error{matrixFile: a.Backup},
		close:  a.Close,
	}, nil
}
