"""Names that Powertools reads when it is first imported, whichever test that is in."""

import os

os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Tradepost")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "payments")
