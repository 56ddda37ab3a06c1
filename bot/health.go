package bot

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"trellis/adapters/chat"
	"trellis/storage"
)

// stepWithin is how long a step may take before the engine counts as hanging: above the slowest disk.
const stepWithin = time.Minute

// health is what is known of the engine's state by those who only look.
type health struct {
	mu       sync.Mutex // guards what follows
	running  bool
	over     bool
	turn     string                  // the one that does not end
	store    error                   // why the store takes nothing
	since    time.Time               // when the step that runs began; zero: none runs
	adapters map[chat.Platform]error // those that ended
}

func (h *health) started() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running, h.adapters = true, map[chat.Platform]error{}
}

func (h *health) stopped() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running, h.over = false, true
}

func (h *health) spins(turn string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.turn = turn
}

func (h *health) stores(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.store = err
}

func (h *health) stepping(since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since = since
}

func (h *health) adapter(p chat.Platform, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.adapters[p] = err
}

// ills says why whoever runs Trellis should start it again.
func (h *health) ills(now time.Time) (ills []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		ills = append(ills, "the engine has stopped")
	}
	if h.turn != "" {
		ills = append(ills, "a turn does not end: "+h.turn)
	} else if !h.since.IsZero() && now.Sub(h.since) > stepWithin {
		ills = append(ills, "a step does not end")
	}
	return ills
}

// lacks says why Trellis cannot do its work now.
func (h *health) lacks(now time.Time) []string {
	lacks := h.ills(now)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running && !h.over {
		lacks = append(lacks, "the engine has not started")
	}
	if h.store != nil {
		lacks = append(lacks, "the store takes nothing: "+h.store.Error())
	}
	for _, p := range slices.Sorted(maps.Keys(h.adapters)) {
		lacks = append(lacks, fmt.Sprintf("%s has ended: %v", p, h.adapters[p]))
	}
	return lacks
}

// Healthz answers 200 while the engine lives; else 503 and why, and it should be started again.
func (e *Engine) Healthz() http.Handler { return answers(e.health.ills) }

// Readyz answers 200 while the store takes what comes and all adapters run; else 503 and what is missing.
func (e *Engine) Readyz() http.Handler { return answers(e.health.lacks) }

func answers(of func(time.Time) []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		wrong := of(time.Now())
		if len(wrong) == 0 {
			_, _ = io.WriteString(w, "ok\n")
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, strings.Join(wrong, "\n")+"\n")
	})
}

// Metrics answers with all that is counted, for Prometheus.
func (e *Engine) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		core := e.core.Load()
		if core == nil {
			http.Error(w, "the engine has not started", http.StatusServiceUnavailable)
			return
		}
		look := prometheus.NewRegistry()
		look.MustRegister(&looked{engine: e, core: core, ctx: r.Context()})
		promhttp.HandlerFor(prometheus.Gatherers{core.metrics.registry, look}, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	})
}

// looked is what is not counted on the way but looked up when it is asked for.
type looked struct {
	engine *Engine
	core   *Core
	ctx    context.Context
}

var (
	oldest = prometheus.NewDesc("trellis_outbox_oldest_seconds", "Age of the oldest message that waits; 0: none does.", nil, nil)
	failed = prometheus.NewDesc("trellis_failed_turns", "Turns set aside that wait for the operator.", nil, nil)
	paused = prometheus.NewDesc("trellis_paused_places", "Rooms and persons that cannot be written to.", nil, nil)
	size   = prometheus.NewDesc("trellis_store_bytes", "Size of the store.", nil, nil)
	ready  = prometheus.NewDesc("trellis_ready", "1 while the store takes what comes and all adapters run.", nil, nil)
)

// Describe is prometheus.Collector's.
func (l *looked) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(l, out) }

// Collect is prometheus.Collector's.
func (l *looked) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	now := time.Now()
	isReady := 0.0
	if len(l.engine.health.lacks(now)) == 0 {
		isReady = 1
	}
	gauge(ready, isReady)
	err := l.core.store.View(l.ctx, func(tx storage.Tx) error {
		since, err := oldestWaiting(tx)
		if err != nil {
			return err
		}
		age := 0.0
		if since != 0 {
			age = now.Sub(time.Unix(0, since)).Seconds()
		}
		gauge(oldest, age)
		n := 0
		if err := failures.All(tx, storage.Global, func(string, Failed) (bool, error) { n++; return true, nil }); err != nil {
			return err
		}
		gauge(failed, float64(n))
		n = 0
		if err := pauses.All(tx, storage.Global, func(string, Paused) (bool, error) { n++; return true, nil }); err != nil {
			return err
		}
		gauge(paused, float64(n))
		return nil
	})
	if err != nil {
		out <- prometheus.NewInvalidMetric(oldest, err)
	}
	if l.engine.config.Bytes != nil {
		if n, err := l.engine.config.Bytes(l.ctx); err == nil {
			gauge(size, float64(n))
		}
	}
}
