import java.io.FileInputStream;
import java.net.Socket;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * Connects clients to servers by mutual TLS, and prints a line for each pair: `accepted`, or what each side has said. Arguments, for each
 * pair: the server's key store and trust store, then the client's, or `-` for a client without a certificate. Their password is changeit.
 */
class Handshakes {
    public static void main(String[] files) throws Exception {
        for (int at = 0; at < files.length; at += 4) {
            System.out.println(handshake(context(files[at], files[at + 1]), context(files[at + 2], files[at + 3])));
        }
    }

    private static String handshake(SSLContext serving, SSLContext calling) throws Exception {
        try (SSLServerSocket server = (SSLServerSocket) serving.getServerSocketFactory().createServerSocket(0)) {
            server.setNeedClientAuth(true);
            String[] said = new String[2];
            Thread accepting = new Thread(() -> {
                try (SSLSocket socket = (SSLSocket) server.accept()) {
                    said[0] = exchange(socket);
                } catch (Exception error) {
                    said[0] = error.toString();
                }
            });
            accepting.start();
            try (SSLSocket socket = (SSLSocket) calling.getSocketFactory().createSocket("127.0.0.1", server.getLocalPort())) {
                said[1] = exchange(socket);
            } catch (Exception error) {
                said[1] = error.toString();
            }
            accepting.join();
            return said[0] == null && said[1] == null ? "accepted" : "server: " + said[0] + "; client: " + said[1];
        }
    }

    /** In TLS 1.3 a client knows that it was let in once it has received something. */
    private static String exchange(SSLSocket socket) throws Exception {
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write(1);
        return socket.getInputStream().read() == 1 ? null : "closed";
    }

    private static SSLContext context(String keys, String trusted) throws Exception {
        KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
        own.init(keys.equals("-") ? null : store(keys, "PKCS12"), "changeit".toCharArray());
        TrustManagerFactory others = TrustManagerFactory.getInstance("PKIX");
        others.init(store(trusted, "JKS"));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new Insistent((X509ExtendedKeyManager) own.getKeyManagers()[0])}, others.getTrustManagers(), null);
        return context;
    }

    /** Shows its certificate also to who has not asked for one of that authority: Java's own clients show none then. */
    private static class Insistent extends X509ExtendedKeyManager {
        private final X509ExtendedKeyManager own;

        Insistent(X509ExtendedKeyManager own) {
            this.own = own;
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return own.chooseClientAlias(types, null, socket);
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return own.chooseServerAlias(type, null, socket);
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return own.getClientAliases(type, null);
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return own.getServerAliases(type, null);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return own.getCertificateChain(alias);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return own.getPrivateKey(alias);
        }
    }

    private static KeyStore store(String file, String type) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        try (FileInputStream in = new FileInputStream(file)) {
            store.load(in, "changeit".toCharArray());
        }
        return store;
    }
}
