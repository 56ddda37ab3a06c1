package words

import "strings"

// Text is a text of the catalogue as it stands there, with its slots as {name} and without markup: for a platform
// that puts words on its own pages. It is empty when English has none.
func (c *Catalogues) Text(code, key string, n int) string {
	template, _ := c.Find(code, key, n)
	var b strings.Builder
	for i, block := range template {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, part := range block.Parts {
			switch part.Kind {
			case Slot, BoldSlot:
				b.WriteString("{" + part.Text + "}")
			case Literal, Bold, Code:
				b.WriteString(part.Text)
			}
		}
	}
	return b.String()
}
