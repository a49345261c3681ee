"""Stand-ins for Replicate, RunPod and fal; see server.py."""

from testing.fake_providers.server import FakeProviders, wait_for

__all__ = ["FakeProviders", "wait_for"]
