"""Settings of the Celery workers; dagster_celery.app reads this module when it is found on PYTHONPATH."""

import os

broker_url = os.environ["CELERY_BROKER_URL"]
result_backend = os.environ["CELERY_BACKEND_URL"]

task_acks_late = True  # a task is done when its run is: that of a worker which died comes back
task_reject_on_worker_lost = True
task_track_started = True
worker_prefetch_multiplier = 1  # no worker hoards runs while another is idle
broker_connection_retry_on_startup = True

# After this many seconds a task that nobody finished comes back: longer than the longest run, short enough that a
# region whose worker died is green again within three minutes.
broker_transport_options = {"visibility_timeout": int(os.environ.get("CELERY_VISIBILITY_TIMEOUT", "90"))}
result_backend_transport_options = broker_transport_options
visibility_timeout = broker_transport_options["visibility_timeout"]
