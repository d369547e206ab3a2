"""A centre whose processes a test starts, kills and starts again."""

from services.ports import free_port
from services.process import Process


class Centre:
    """Runners on one database and one bus; all are stopped at the end."""

    def __init__(self, url, bus_url, tmp_path):
        self.port = free_port()
        self.environment = {
            "DATABASE_URL": url,
            "NATS_URL": bus_url,
            "PORTEVOIX_SMTP_PORT": str(self.port),
            "PORTEVOIX_MAIL_WORKERS": "1",
            "PORTEVOIX_DATA": str(tmp_path),
            "PORTEVOIX_DOMAIN": "centre.example",
        }
        self.processes = {}
        self._kept = []

    def start(self, name, *, keep=False, known_as="", command=None, **extra):
        # Known before it is ready: one that is too slow to start must be stopped too.
        process = self.processes[known_as or name] = Process(name, **(self.environment | extra))
        process.command = command or process.command
        process.start()
        if keep:
            self._kept.append(process.keep_alive())
        return process

    def stop(self):
        for done in self._kept:
            done.set()
        for process in self.processes.values():
            if process.alive():
                process.kill()
