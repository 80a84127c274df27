"""Running the sync as a service: what it tells those who watch it.

pulse      what is known of the running sync: when it last ran, whether it is held, stopped or cut off
metrics    the figures, for Prometheus
alerts     what a person has to do, once for each cause: 1,000 equal refusals are one alert
monitor    /healthz, /readyz, /metrics and /alerts over HTTP
certificate  that both systems held the same, signed by the owner of the data
"""
