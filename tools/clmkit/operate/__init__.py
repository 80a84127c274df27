"""Running the sync as a service: what it tells those who watch it.

pulse        what is known of the running sync: when it last ran, whether it is held, stopped or cut off
metrics      the figures, for Prometheus
alerts       what a person has to do, once for each cause: 1,000 equal refusals are one alert
monitor      /healthz, /readyz, /metrics and /alerts over HTTP
certificate  that both systems held the same, signed by the owner of the data
latency      how long changes took, by latency class, against what the mapping promises
traces       OpenTelemetry: one waterfall for each change
cutover      freeze, backfill, compare, switch; and the way back
point        what both systems held before a release, in a file
rollback     the data of a release taken back to a point; `release_facts` tells what the release did
"""
