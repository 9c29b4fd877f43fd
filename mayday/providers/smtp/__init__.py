"""Mail by SMTP: `MAYDAY_SMTP_URL` (smtp://user:password@host:587 or smtps://...), `MAYDAY_SMTP_FROM`."""
