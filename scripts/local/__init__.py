"""The local cloud: ministack keeps state and APIs, these modules own what happens between the services."""
