"""The sync on several machines: workers that share its state and settle it in durable batches, run by DBOS.

    $ .worker/bin/python -m clmkit.worker --config sync.yml --name worker-1

    bench      one worker's place: looks at both systems, settles one lease at a time
    durable    a batch as a DBOS workflow: asked for, run, tried again, remembered; DBOS is known here only
    __main__   the command

It has an environment of its own (`make worker`): DBOS needs SQLAlchemy 2, CumulusCI an older one. Of the kit only the sync is used.
See docs/decisions/0004-durable-batches-by-dbos.md.
"""
