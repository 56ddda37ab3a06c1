package bot

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trellis/adapters/chat"
)

// metrics is what can be counted from outside. Nothing in it names a group or a person.
type metrics struct {
	registry   *prometheus.Registry
	events     *prometheus.CounterVec // platform, outcome
	deliveries *prometheus.CounterVec // platform, outcome
	steps      prometheus.Histogram   // seconds
	waited     prometheus.Histogram   // seconds from said to delivered
	late       prometheus.Histogram   // seconds
	fired      prometheus.Counter
	failed     prometheus.Counter // turns set aside
	failures   prometheus.Counter // steps that the store did not take
}

func newMetrics() *metrics {
	seconds := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	long := []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trellis_events_total", Help: "Events taken in, by what became of them: handled, ignored, repeated, failed.",
		}, []string{"platform", "outcome"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trellis_deliveries_total", Help: "Deliveries that ended, by how: delivered, later, refused, unknown.",
		}, []string{"platform", "outcome"}),
		steps: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "trellis_step_seconds", Help: "How long a step of the engine took, with its commit.", Buckets: seconds,
		}),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "trellis_delivery_wait_seconds", Help: "From a message being said to its standing at its place.", Buckets: long,
		}),
		late: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "trellis_timer_late_seconds", Help: "How late the latest timer of a step was.", Buckets: long,
		}),
		fired: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trellis_timers_fired_total", Help: "Timers that were fired.",
		}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trellis_turns_failed_total", Help: "Events and timers that were set aside for the operator.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trellis_steps_failed_total", Help: "Steps of which the store kept nothing.",
		}),
	}
	m.registry.MustRegister(m.events, m.deliveries, m.steps, m.waited, m.late, m.fired, m.failed, m.failures)
	return m
}

// tally counts one step, for metrics, once it is committed.
type tally struct {
	events     map[tallied]int
	deliveries map[tallied]int
	waited     []float64 // seconds
	late       time.Duration
	fired      int
	failed     int
}

type tallied struct {
	platform chat.Platform
	outcome  string
}

func (t *tally) event(p chat.Platform, outcome string) {
	if t.events == nil {
		t.events = map[tallied]int{}
	}
	t.events[tallied{p, outcome}]++
}

func (t *tally) delivery(p chat.Platform, outcome string) {
	if t.deliveries == nil {
		t.deliveries = map[tallied]int{}
	}
	t.deliveries[tallied{p, outcome}]++
}

func (m *metrics) add(t *tally) {
	for k, n := range t.events {
		m.events.WithLabelValues(string(k.platform), k.outcome).Add(float64(n))
	}
	for k, n := range t.deliveries {
		m.deliveries.WithLabelValues(string(k.platform), k.outcome).Add(float64(n))
	}
	for _, seconds := range t.waited {
		m.waited.Observe(seconds)
	}
	if t.fired > 0 {
		m.fired.Add(float64(t.fired))
		m.late.Observe(t.late.Seconds())
	}
	m.failed.Add(float64(t.failed))
}
