package digest

import (
	"strconv"
	"time"

	"trellis/flows"
	"trellis/flows/agreement"
	"trellis/flows/commitment"
)

// news is what changed for a person: agreements, which are everybody's, and what others did with what the person asked
// for, handed over or took over.
func news(t *flows.Turn, p flows.PersonID, since time.Time) ([]flows.Phrase, error) {
	agreed, err := agreement.Since(t, since)
	if err != nil {
		return nil, err
	}
	var lines []flows.Phrase
	for _, n := range agreed {
		if n.What != agreement.Unconsented { // the facilitators know; everyone else hears of the review
			lines = append(lines, flows.Words("agreement.news."+string(n.What), "a", n.Name(), "n", n.Change.Version, "title", n.Short()))
		}
	}
	done, err := commitment.Since(t, commitment.Finished, since)
	if err != nil {
		return nil, err
	}
	for _, h := range done {
		if h.Asker == p && h.Owner != p {
			lines = append(lines, flows.Words("digest.news.done", "c", label(h), "owner", h.Owner, "text", h.Commitment.Text))
		}
	}
	handed, err := commitment.Since(t, commitment.Handed, since)
	for _, h := range handed {
		if h.From == p || h.To == p {
			lines = append(lines, flows.Words("digest.news.handed", "c", label(h), "to", h.To, "text", h.Commitment.Text))
		}
	}
	return lines, err
}

func label(h commitment.Happening) string { return "C" + strconv.Itoa(h.Number) }
