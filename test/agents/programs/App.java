import com.sun.net.httpserver.HttpServer;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;

/** A web app of one page: it answers with what APP_URL answers, is asked once by itself, and ends when its input does. */
public class App {
    public static void main(String[] arguments) throws Exception {
        System.out.println("own value: " + System.getProperty("shop.own"));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            int status = get(System.getenv("APP_URL"));
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
        System.out.println("app answered: " + get("http://127.0.0.1:" + server.getAddress().getPort() + "/"));
        while (System.in.read() >= 0) { }
        server.stop(0);
    }

    private static int get(String url) throws java.io.IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        try (InputStream body = connection.getInputStream()) {
            while (body.read() >= 0) { }
        }
        return connection.getResponseCode();
    }
}
