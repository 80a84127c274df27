"""The Pub/Sub API over gRPC. Nothing outside imports gRPC: `door` loads `server` when the first client connects.

pubsub_api.proto, pubsub_api.binpb   the published service and its compiled descriptor (a test compares the two)
messages    message classes of the descriptor
refusals    gRPC status, error code and text of every refusal
server      the six methods
streams     what a subscription and a managed subscription do
publishing  Avro in, results out
door        the port, and the server behind it
"""
