"""The sync engine: what changed on either side is decided by the spec's rules and written to the other side.

    sources    intake      the CLM's change feed (feed), looks at Salesforce, what an earlier run left unsettled
               doorbell    the CLM's signed webhooks: a ring wakes the sync, which then reads the feed
               door_keys   the keys that those are signed with, replaced while the sync follows
               listening   Salesforce's events (Pub/Sub API, CometD where gRPC is blocked): which records to look at, and when
    decide     decide      one field on two sides, in tables; rows: one row; activation: the law of Contract.Status
    apply      engine      runs and rounds; round, cases: one round; references, writes: lookups as ids
               shipping    the way with the fewest API calls; apply: rows sorted by parent, a verdict for each row
               carrier     a request that fails as a whole: halving finds the rows that it is due to
               guards      blast radius, API budget, breaker; outage: what all know of a system that does not answer
               load        rows at volume: appended, leased in ranges, sent by Bulk API 2.0, settled; memory stays flat
    outcomes   clmkit.clients.outcomes: every error code -> retry, rebase, park, stop; dead_letters: what waits for a person
    state      state       what the sync remembers, in SQL that SQLite and PostgreSQL both speak
               database    the port to them: database_sqlite (one file, one process), database_postgres (several workers)
               inbox       every event once, and what became of it; claims: who works on what
               audit       the hash chain
    compare    reconcile   both systems field by field, independent of what the sync believes

Everything between taking in and writing out is a pure function of facts; effects are in intake, listening, doorbell, apply, load
and state.
"""
