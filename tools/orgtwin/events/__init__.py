"""Platform events and change data capture: what goes out of the org, to whom, and how it is read again.

bus         every event of the last 72 hours in order, under replay ids
channels    what PlatformEventChannelMember components select, enrich and filter
capture     a committed transaction -> change events
topics      /event/X__e, /data/XChangeEvent, /data/ChangeEvents, /data/X__chn, and who may subscribe
views       one event as one subscriber sees it: field permissions, enrichment, filter
schemas     Avro schemas, their ids, bitmaps of fields
payloads    a view as Avro (Pub/Sub API) and as JSON (CometD)
service     the door to all of it, one a twin
pubsub/     the Pub/Sub API over gRPC
"""
