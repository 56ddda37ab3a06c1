package main

import (
	"context"
	"path/filepath"
	"time"

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
		check: checkMatrix, open: openMatrix,
	}
}

// matrixOptions are what the settings say; given tells whether they say anything.
func matrixOptions(c *config.Config) (o matrix.Options, given bool) {
	o = matrix.Options{
		Homeserver: c.String("matrix.homeserver"), User: c.String("matrix.user"),
		Password: c.Secret("matrix.password").Reveal(), AccessToken: c.Secret("matrix.access_token").Reveal(),
		Store: filepath.Join(c.String("data"), matrixFile), AllowInvites: c.List("matrix.allow_invites"),
		Encrypt: c.Bool("matrix.encryption"), RecoveryKey: c.String("matrix.recovery_key"),
	}
	return o, o.Homeserver != "" || o.User != "" || o.Password != "" || o.AccessToken != ""
}

// checkMatrixWithin is how long the homeserver may take to answer.
const checkMatrixWithin = 15 * time.Second

func checkMatrix(ctx context.Context, c *config.Config, say func(name, value, note string)) error {
	o, given := matrixOptions(c)
	if !given {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkMatrixWithin)
	defer cancel()
	all, err := matrix.Check(ctx, o)
	for _, f := range all {
		say(f.Name, f.Value, f.Note)
	}
	return err
}

func openMatrix(ctx context.Context, h host) (*opened, error) {
	o, given := matrixOptions(h.config)
	if !given {
		return nil, nil
	}
	catalogues, err := loadWords()
	if err != nil {
		return nil, err
	}
	o.Words, o.Log = catalogues.Text, h.log
	a, err := matrix.New(ctx, o)
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
