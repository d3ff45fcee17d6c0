import * as z from "zod"

const Created = z.object({
  payload: z.object({
    contact: z.object({ id: z.int(), name: z.string().nullish(), email: z.string().nullish() }),
    contact_inbox: z.object({ source_id: z.string() })
  })
})

export const create = async (name: string) => {
  const response = await fetch("https://livedesk-api.engagelab.com/api/v2/accounts/contacts", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Basic ${btoa("a-key:a-secret")}` },
    body: JSON.stringify({ inbox_id: 407, name })
  })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return Created.parse(await response.json())
}
