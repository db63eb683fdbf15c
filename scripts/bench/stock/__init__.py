"""Modules of `shared` as most projects have them: boto3, Powertools' resolver, the tracer that patches every library.

The stock build has them in place of the modules of the same name in `shared`; everything else, the whole service
included, is the same code. They are measured, never deployed.
"""
