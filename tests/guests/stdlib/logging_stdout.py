import logging
import logging.handlers
import sys

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
root = logging.getLogger()
log = logging.getLogger("app.db")
log.debug("hidden"); log.info("rows=%d %s", 5, "ok"); log.warning("%(k)s", {"k": "dict"})
log.setLevel(logging.DEBUG)
log.debug("now visible")
print(log.getEffectiveLevel(), log.parent is root, logging.getLevelName(40), log.isEnabledFor(5))


class Redact(logging.Filter):
    def filter(self, record):
        record.msg = str(record.msg).replace("secret", "***")
        return "drop" not in record.msg


h = logging.StreamHandler(sys.stdout)
h.setFormatter(logging.Formatter("[{levelname:<8}] {funcName} {message}", style="{"))
h.addFilter(Redact())
child = logging.getLogger("app.web")
child.propagate = False
child.addHandler(h)
def handler():
    child.error("the secret is out")
    child.error("drop me")
    try:
        1 / 0
    except ZeroDivisionError:
        child.exception("failed")
logging.Formatter.formatException = lambda self, ei: "  " + ei[0].__name__
handler()
mem = logging.handlers.MemoryHandler(10, target=h)
q = logging.getLogger("q"); q.addHandler(mem); q.propagate = False
q.warning("later"); print("before flush"); mem.flush()
logging.addLevelName(35, "NOTICE"); log.log(35, "custom")
logging.disable(logging.ERROR); log.error("gone"); logging.disable(logging.NOTSET)
logging.LoggerAdapter(log, {"u": 1}).info("adapted"); log.error("end")
