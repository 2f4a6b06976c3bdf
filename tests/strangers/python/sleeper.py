"""The CockroachDB connector, but for its sleeping before every answer, as nobody should."""

import time

import connector
from wit_world.imports.types import Configuration, Context, Verdict


class Connector(connector.Connector):
    def validate(self, context: Context, configuration: Configuration) -> Verdict:
        time.sleep(3)
        return super().validate(context, configuration)
