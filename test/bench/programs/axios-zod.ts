import axios from "axios"
import * as z from "zod"

const Created = z.object({
  payload: z.object({
    contact: z.object({ id: z.int(), name: z.string().nullish(), email: z.string().nullish() }),
    contact_inbox: z.object({ source_id: z.string() })
  })
})

export const create = async (name: string) => {
  const { data } = await axios.post<unknown>(
    "https://livedesk-api.engagelab.com/api/v2/accounts/contacts",
    { inbox_id: 407, name },
    { auth: { username: "a-key", password: "a-secret" } }
  )
  return Created.parse(data)
}
