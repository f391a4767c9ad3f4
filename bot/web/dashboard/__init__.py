"""The dashboard of a community's moderators: server-rendered pages under ``/dashboard``, one module for each screen."""
