/** How a status is shown: whether it is a success. */
export const tone = (status: number | null): string => status === null ? "none" : status < 300 ? "good" : "bad"
