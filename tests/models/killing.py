"""A report that kills the fit which it is told of."""


def stopping_at(moment, said):
    """Returns a report that keeps what it is told, and at that moment kills the fit."""

    def report(fraction, text):
        said.append(text.split(" loss")[0])
        if said[-1] == moment:
            raise KeyboardInterrupt("killed")

    return report
