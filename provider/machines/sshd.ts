/** Connections that sshd lets wait for authentication before it drops some, by chance and then all. Its default: 10:30:100. */
export const maxStartups = "100:30:200";
