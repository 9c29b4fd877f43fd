"""The report goes to its readers when it was reviewed, and again when it is closed with other words than they have.

Who reads it stands in the runbook (`review.report_to`); without it, those whom the meeting invites, by mail. What is
sent is drafted at that moment, so that it has everything that was decided until then. Each version goes to each reader
once; one that no channel carried is tried again after an hour, then less and less often, five times in all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.review.duty import SYSTEM, Duty
from mayday.domain.review.owed import Obligation
from mayday.domain.review.wire import SEND_REPORT, ReportReader, SendReport, SentReport

RETRY_AFTER = timedelta(hours=1)
TRIES = 5


class SendingDuty(Duty):
    name = "sending"

    def want(self) -> None:
        """The report has got as far as its readers: they get it, unless they have these words already."""
        report = self.state.report
        if not self.given.readers or self._words() == report.sent_words:
            return
        report.wanted = True
        report.stale = True
        report.due_at = self.now if report.drafted_at is None else None

    def wakes(self) -> list[datetime]:
        return [each.next_try_at for each in self.state.sent_reports if each.next_try_at is not None]

    def act(self) -> None:
        report = self.state.report
        if report.wanted and not report.stale and report.drafted_at is not None and not self._drafting:
            report.wanted = False
            again = bool(report.sent_words)
            report.sent_words = self._words()
            for reader in self.given.readers:
                sent = SentReport(audience=reader.audience, version=report.version, again=again)
                self.state.sent_reports.append(sent)
                self._send(sent)
        for sent in self.state.sent_reports:
            if sent.next_try_at is not None and sent.next_try_at <= self.now:
                self._send(sent)

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        sent = next((one for one in self.state.sent_reports if request.step == self._step(one)), None)
        if sent is None:
            return
        via = [str(one.get("channel")) for one in result.value.get("sent", [])]
        missed = [f"{one.get('target')}: {one.get('reason')}" for one in result.value.get("unreached", [])]
        if result.failure is None and via:
            sent.at, sent.via, sent.missed = self.now, via, missed
            self.case.log(
                "report_sent", SYSTEM, request.step, version=sent.version, audience=sent.audience,
                to=request.payload.get("to", []), via=via, unreached=missed or None, again=sent.again or None,
            )  # fmt: skip
            return
        reason = result.failure.message if result.failure else "; ".join(missed) or "no channel carried it"
        ambiguous = result.failure is not None and result.failure.ambiguous
        sent.missed = [reason]
        if not ambiguous and sent.tries < TRIES:
            sent.next_try_at = self.now + RETRY_AFTER * 2 ** (sent.tries - 1)
        self.case.log(
            "report_not_sent", SYSTEM, request.step, version=sent.version, audience=sent.audience, reason=reason,
            ambiguous=ambiguous,
        )  # fmt: skip
        if sent.next_try_at is None:
            look = " It may have been sent: look before you send it by hand." if ambiguous else ""
            self.case.notify(
                self, self.case.owner(),
                f"The report of {self.given.card.title} did not reach {sent.audience}: {reason}. Please send it "
                f"yourself.{look}",
            )  # fmt: skip

    def ledger(self) -> list[Obligation]:
        """What is being tried again: nobody has to do anything, but the review is not over."""
        return [
            Obligation.model_validate({
                "id": f"sending:{each.audience}", "kind": "report", "for": [], "due_at": each.next_try_at,
                "text": f"The report, version {each.version}, is sent to {each.audience} again: "
                + "; ".join(each.missed),
            })
            for each in self.state.sent_reports
            if each.next_try_at is not None
        ]  # fmt: skip

    def _send(self, sent: SentReport) -> None:
        reader = next((one for one in self.given.readers if one.audience == sent.audience), None)
        sent.next_try_at = None
        if reader is None:
            return
        sent.tries += 1
        self.case.ask(
            self, SEND_REPORT, self._order(reader, sent), item=f"{sent.audience}:v{sent.version}", once=True,
            summary=f"report version {sent.version} to {sent.audience}",
        )  # fmt: skip

    def _order(self, reader: ReportReader, sent: SentReport) -> SendReport:
        card = self.given.card
        subject = f"{'New version of the report' if sent.again else 'Report'}: {self.given.severity} {card.title}"
        url = f"{self.given.base_url}/reviews/{self.given.incident_id}" if self.given.base_url else ""
        stands = "It stands for the one that you have." if sent.again else ""
        lines = [
            f"The review of {card.title} is {self.state.status}; this is version {sent.version} of its report.",
            stands,
            url,
        ]
        return SendReport(
            effect_key="", incident=card, audience=reader.audience, to=reader.to, via=reader.via, subject=subject,
            text="\n".join(filter(None, lines)), version=sent.version,
        )  # fmt: skip

    def _step(self, sent: SentReport) -> str:
        return f"review:{self.name}:{sent.audience}:v{sent.version}"

    def _words(self) -> str:
        """Which words people wrote: the version of each section."""
        sections = self.state.report.sections
        return "drafted " + ", ".join(f"{name} {sections[name].version}" for name in sorted(sections))

    @property
    def _drafting(self) -> bool:
        from mayday.domain.review.reporting import ReportDuty

        return self.case.duty(ReportDuty).drafting
