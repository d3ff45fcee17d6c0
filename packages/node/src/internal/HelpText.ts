/**
 * What the command prints at its start, with colours: written by `codegen` from its commands.
 *
 * @since 0.1.0
 */
export const help: string = [
  "\u001B[1mDESCRIPTION\u001B[0m",
  "  EngageLab LiveDesk from the command line.",
  "",
  "Settings come from the environment or the file .env in the working directory: LIVEDESK_API_KEY,",
  "LIVEDESK_API_SECRET, LIVEDESK_BASE_URL, LIVEDESK_TIMEOUT, LIVEDESK_INBOX_ID, LIVEDESK_WEBHOOK_SECRET.",
  "",
  "Exit codes:",
  "    0  done",
  "    1  something unexpected, such as a file that cannot be read",
  "    2  arguments, settings or input that cannot be used; nothing was sent",
  "    3  credentials that LiveDesk does not take, or that cannot be used (AuthError)",
  "    4  rejected by LiveDesk, or a response that cannot be read (ValidationError)",
  "    5  no connection, no response in time, or a failure of LiveDesk's (HttpError)",
  "    6  not found (HttpError with NotFound)",
  "    7  done, but rows were rejected or are unknown, or a receiver refused the webhook",
  "    8  a response that differs from its documentation, which the doctor looks for",
  "  129  ended by a closed terminal or a dropped connection (SIGHUP)",
  "  130  ended by Ctrl-C",
  "  143  ended by SIGTERM",
  "  149  ended by Ctrl-Break (SIGBREAK, on Windows)",
  "",
  "\u001B[1mUSAGE\u001B[0m",
  "  \u001B[36mlivedesk <subcommand> [flags]\u001B[0m",
  "",
  "\u001B[1mGLOBAL FLAGS\u001B[0m",
  "  \u001B[32m--help\u001B[0m, \u001B[32m-h\u001B[0m                                                          Show help information",
  "  \u001B[32m--version\u001B[0m, \u001B[32m-v\u001B[0m                                                       Show version information",
  "  \u001B[32m--wizard\u001B[0m                                                            Start wizard mode for a command",
  "  \u001B[32m--completions\u001B[0m \u001B[2m<bash|zsh|fish|powershell|sh|pwsh>\u001B[0m                    Print shell completion script (choices: bash, zsh, fish, powershell, sh, pwsh)",
  "  \u001B[32m--log-level\u001B[0m \u001B[2m<all|trace|debug|info|warn|warning|error|fatal|none>\u001B[0m    Sets the minimum log level (choices: all, trace, debug, info, warn, warning, error, fatal, none)",
  "  \u001B[32m--json\u001B[0m                                                              Print one JSON document on standard output; errors as JSON on standard error",
  "  \u001B[32m--dry-run\u001B[0m                                                           Print the requests that would be sent, credentials masked, and send nothing",
  "  \u001B[32m--settings-file\u001B[0m \u001B[2mpath\u001B[0m                                                A file of settings in place of .env; may be given several times, and the last one wins. The emulator writes to it",
  "  \u001B[32m--no-settings-file\u001B[0m                                                  Take settings from the environment alone",
  "",
  "\u001B[1mSUBCOMMANDS\u001B[0m",
  "  \u001B[36mcontacts\u001B[0m         Create, list, search, update, ensure and export contacts",
  "  \u001B[36mconversations\u001B[0m    Create, start and move conversations",
  "  \u001B[36mmessages\u001B[0m         Send messages",
  "  \u001B[36mtickets\u001B[0m          Create, read and update tickets",
  "  \u001B[36mimport\u001B[0m           Import contacts from a file",
  "  \u001B[36memulator\u001B[0m         Run an emulated LiveDesk on a port of this machine, until Ctrl-C",
  "  \u001B[36mdoctor\u001B[0m           Check settings, service and credentials",
  "  \u001B[36mwebhooks\u001B[0m         Receive webhooks, and deliver samples",
  ""
].join("\n")

export const version: string = "\u001B[1mlivedesk\u001B[0m \u001B[2mv\u001B[0m\u001B[1m<version>\u001B[0m\n"
