"""HTTP: the application and its server, and one router for each of ``/health``, ``/admin`` and the inference API."""
