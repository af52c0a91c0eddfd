"""An upstream that obeys the path: echo, die, hang, head, json, status. Prints its port."""

import asyncio
from collections import Counter

from tornado.web import Application, RequestHandler

counts: Counter[str] = Counter()


class Any(RequestHandler):
    async def answer(self) -> None:
        _, verb, *rest = self.request.path.split("/")
        if verb == "counts":
            return self.finish(dict(counts))
        counts["/" + verb] += 1
        if verb == "die":
            return self.detach().close()
        if verb == "hang":
            await asyncio.sleep(30)
        if verb == "status":
            self.set_status(int(rest[0]))
            self.set_header("Retry-After", "7")
            return self.finish({"code": "from_the_app"})
        if verb == "head":
            self.set_header("X-Long", "x" * int(rest[0]))
        if verb == "json":
            self.set_header("ETag", '"7"')
            return self.finish({"text": "x" * int(rest[0])})
        self.finish(
            {
                "remote_ip": self.request.remote_ip,
                "protocol": self.request.protocol,
                "version": self.request.version,
                "body": len(self.request.body),
                "headers": list(self.request.headers.get_all()),
            }
        )

    get = head = post = put = patch = delete = answer


async def main() -> None:
    server = Application([("/.*", Any)]).listen(0, "127.0.0.1", xheaders=True)
    [listener] = server._sockets.values()
    print(listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
