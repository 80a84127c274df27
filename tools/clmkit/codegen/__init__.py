"""Spec to plan of files to rendered Salesforce project.

files = plan_project(spec).render()                    # project: path below the package directory -> bytes
comparison = compare_tree(files, Path("force-app"))    # tree: what differs on disk, and what was edited by hand
write_tree(comparison, Path("force-app"))              # whole files only, whenever it is interrupted
package = convert_source(read_package(out), "66.0")    # mdapi: deployable, with its manifest, without the sf CLI
check_component(xml)                                   # wsdl: what the Metadata API would not accept
"""
