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
    prepaid: str
    pieces: Mapping[str, str]
    contacts: str
    frequencies: Mapping[str, str]
    limits: Mapping[str, str]
    add_ons: Mapping[str, str]
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
        prepaid="Prepaid credit",
        pieces={"sms": "SMS credits: {number}", "inbox_preview": "Inbox preview credits: {number}"},
        contacts="{number} contacts",
        frequencies={"monthly": "monthly", "annual": "annual"},
        limits={
            "activities": "activities: {number}",
            "custom_reports": "custom reports: {number}",
            "sends": "sends a month: {number}",
        },
        add_ons={"pipelines": "pipelines", "sms": "SMS"},
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
        prepaid="Crédit prépayé",
        pieces={"sms": "Crédits SMS : {number}", "inbox_preview": "Crédits d’aperçu de réception : {number}"},
        contacts="{number} contacts",
        frequencies={"monthly": "mensuel", "annual": "annuel"},
        limits={
            "activities": "activités : {number}",
            "custom_reports": "rapports personnalisés : {number}",
            "sends": "envois par mois : {number}",
        },
        add_ons={"pipelines": "pipelines", "sms": "SMS"},
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
        prepaid="Crédito pré-pago",
        pieces={"sms": "Créditos de SMS: {number}", "inbox_preview": "Créditos de pré-visualização: {number}"},
        contacts="{number} contactos",
        frequencies={"monthly": "mensal", "annual": "anual"},
        limits={
            "activities": "atividades: {number}",
            "custom_reports": "relatórios personalizados: {number}",
            "sends": "envios por mês: {number}",
        },
        add_ons={"pipelines": "pipelines", "sms": "SMS"},
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
        prepaid="Crédito prepago",
        pieces={"sms": "Créditos de SMS: {number}", "inbox_preview": "Créditos de vista previa: {number}"},
        contacts="{number} contactos",
        frequencies={"monthly": "mensual", "annual": "anual"},
        limits={
            "activities": "actividades: {number}",
            "custom_reports": "informes personalizados: {number}",
            "sends": "envíos al mes: {number}",
        },
        add_ons={"pipelines": "pipelines", "sms": "SMS"},
        taxes_note="Impuestos no incluidos. Las fechas son en UTC.",
    ),
}
