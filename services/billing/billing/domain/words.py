"""What invoices and credit notes say, in the four languages of agencies."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of one language."""

    invoice: str
    credit_note: str
    issued_on: str
    paid_on: str
    account: str
    status: str
    statuses: Mapping[str, str]
    for_invoice: str
    reason: str
    credit_reasons: Mapping[str, str]
    description: str
    period: str
    amount: str
    reasons: Mapping[str, str]
    total: str
    paid_prepaid: str
    paid_card: str
    credited: str
    open: str
    to_prepaid: str
    to_card: str
    granted: str
    taxes_note: str


WORDS: Mapping[str, Words] = {
    "en": Words(
        invoice="Invoice",
        credit_note="Credit note",
        issued_on="Issued on",
        paid_on="Paid on",
        account="Account",
        status="Status",
        statuses={"open": "open", "paid": "paid", "credited": "credited"},
        for_invoice="For invoice",
        reason="Reason",
        credit_reasons={"taken_back": "the invoice is taken back", "plan_change": "change of plan"},
        description="Description",
        period="Period",
        amount="Amount",
        reasons={
            "new_period": "new period",
            "unused_time": "unused time",
            "remaining_time": "remaining time",
            "credit_purchase": "purchase of credit",
        },
        total="Total",
        paid_prepaid="Paid by prepaid credit",
        paid_card="Paid by card",
        credited="Credited",
        open="Open",
        to_prepaid="Returned to prepaid credit",
        to_card="Returned to the card",
        granted="Granted as prepaid credit",
        taxes_note="Taxes are not included. Dates are in UTC.",
    ),
    "fr": Words(
        invoice="Facture",
        credit_note="Avoir",
        issued_on="Date d’émission",
        paid_on="Payée le",
        account="Compte",
        status="État",
        statuses={"open": "à payer", "paid": "payée", "credited": "annulée par un avoir"},
        for_invoice="Pour la facture",
        reason="Motif",
        credit_reasons={"taken_back": "facture reprise", "plan_change": "changement de formule"},
        description="Désignation",
        period="Période",
        amount="Montant",
        reasons={
            "new_period": "nouvelle période",
            "unused_time": "temps non utilisé",
            "remaining_time": "temps restant",
            "credit_purchase": "achat de crédit",
        },
        total="Total",
        paid_prepaid="Payé par crédit prépayé",
        paid_card="Payé par carte",
        credited="Avoirs",
        open="Reste à payer",
        to_prepaid="Rendu au crédit prépayé",
        to_card="Rendu sur la carte",
        granted="Accordé en crédit prépayé",
        taxes_note="Taxes non comprises. Les dates sont en UTC.",
    ),
    "pt": Words(
        invoice="Fatura",
        credit_note="Nota de crédito",
        issued_on="Data de emissão",
        paid_on="Paga em",
        account="Conta",
        status="Estado",
        statuses={"open": "em aberto", "paid": "paga", "credited": "anulada por nota de crédito"},
        for_invoice="Da fatura",
        reason="Motivo",
        credit_reasons={"taken_back": "fatura anulada", "plan_change": "mudança de plano"},
        description="Descrição",
        period="Período",
        amount="Valor",
        reasons={
            "new_period": "novo período",
            "unused_time": "tempo não utilizado",
            "remaining_time": "tempo restante",
            "credit_purchase": "compra de crédito",
        },
        total="Total",
        paid_prepaid="Pago com crédito pré-pago",
        paid_card="Pago com cartão",
        credited="Creditado",
        open="Em aberto",
        to_prepaid="Devolvido ao crédito pré-pago",
        to_card="Devolvido ao cartão",
        granted="Concedido como crédito pré-pago",
        taxes_note="Impostos não incluídos. As datas são em UTC.",
    ),
    "es": Words(
        invoice="Factura",
        credit_note="Nota de crédito",
        issued_on="Fecha de emisión",
        paid_on="Pagada el",
        account="Cuenta",
        status="Estado",
        statuses={"open": "pendiente", "paid": "pagada", "credited": "anulada por nota de crédito"},
        for_invoice="De la factura",
        reason="Motivo",
        credit_reasons={"taken_back": "factura anulada", "plan_change": "cambio de plan"},
        description="Descripción",
        period="Período",
        amount="Importe",
        reasons={
            "new_period": "nuevo período",
            "unused_time": "tiempo no utilizado",
            "remaining_time": "tiempo restante",
            "credit_purchase": "compra de crédito",
        },
        total="Total",
        paid_prepaid="Pagado con crédito prepago",
        paid_card="Pagado con tarjeta",
        credited="Abonado",
        open="Pendiente",
        to_prepaid="Devuelto al crédito prepago",
        to_card="Devuelto a la tarjeta",
        granted="Concedido como crédito prepago",
        taxes_note="Impuestos no incluidos. Las fechas son en UTC.",
    ),
}
