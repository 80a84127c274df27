"""The Metadata API: components come in as files and become schema, records and settings; they go out as the same files.

service.py            the door: deploy, retrieve, list, source tracking of one org
package_reader.py     a zip becomes components; grammar.py checks them against the WSDL, canonical.py orders them
deploy_run.py         lays components out on a workspace.py in the order of types/rules.py, then takes it over, or not
types/                what each metadata type demands and does
retrieve.py, crud.py  the way back, and one component at a time
state.py              how components live inside the org
tooling_tables.py     the Tooling API's objects about metadata
"""
