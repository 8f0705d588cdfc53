"""What is collected: the tests against a real Gitea belong to `make soak`, whose first run builds it for minutes."""

import os

collect_ignore = [] if os.environ.get("STETIG_SOAK") else ["test_gitea.py"]
